//! A caller of the API: one key, one address, JSON in and out.

use serde_json::Value;
use std::time::Duration;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    /// A text inside: `a.b.0.c`; empty where there is none.
    pub fn text(&self, path: &str) -> String {
        match self.at(path) {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    pub fn at(&self, path: &str) -> &Value {
        at(&self.json, path)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }

    /// The answer, if it has this status; a failure that shows all of it otherwise.
    #[track_caller]
    pub fn want(self, status: u16) -> Self {
        assert_eq!(self.status, status, "unexpected answer: {}", self.text);
        self
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        self.text("code")
    }

    /// The body without what differs from one answer to the next.
    pub fn without_request_id(&self) -> String {
        let id = self.text("request_id");
        if id.is_empty() { self.text.clone() } else { self.text.replace(&id, "") }
    }
}

pub fn at<'a>(json: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(json, |json, part| match part.parse::<usize>() {
        Ok(n) if json.is_array() => &json[n],
        _ => &json[part],
    })
}

/// One key at one server.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Api {
    pub fn new(url: &str, key: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, url: url.to_owned(), key: key.to_owned() }
    }

    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Sends it; `None` where no whole answer came back.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.key.is_empty() {
            request = request.bearer_auth(&self.key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Self::heard(request).await
    }

    /// Sends bytes as they are.
    pub async fn bytes(&self, method: &str, path: &str, content: &str, body: Vec<u8>) -> Option<Answer> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key);
        Self::heard(request.header("content-type", content).body(body)).await
    }

    async fn heard(request: reqwest::RequestBuilder) -> Option<Answer> {
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await.ok()?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer { status, headers, text, json })
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Answer> + use<> {
        self.must("GET", path, None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: Value) -> impl Future<Output = Answer> + use<> {
        self.must("POST", path, Some(body))
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> impl Future<Output = Answer> + use<> {
        self.must("DELETE", path, None)
    }

    #[track_caller]
    pub fn must(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> impl Future<Output = Answer> + use<> {
        let (api, method, path) = (self.clone(), method.to_owned(), path.to_owned());
        async move {
            let answer = api.send(&method, &path, &[], body.as_ref()).await;
            answer.unwrap_or_else(|| panic!("{method} {path}: no answer"))
        }
    }

    /// The code of the newest test message to a number.
    pub async fn code_of(&self, to: &str) -> String {
        let path = format!("/v1/outbox/latest?to={}&wait_s=10", to.replace('+', "%2B"));
        self.get(&path).await.want(200).text("code")
    }
}
