//! What stays right when a half of the store is away.

use super::*;
use crate::store::row::Status;
use crate::store::tallies::{Counted, Marks, Proofs, TallySize};
use crate::store::{StoreError, Tallies};
use cofferdam_engine::Needs;
use cofferdam_engine::need::Inquiry;
use cofferdam_engine::signal::Code;
use cofferdam_engine::tally::Change;

/// Tallies that are away.
struct Away;

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError::Away("as told".to_owned()))
}

#[async_trait]
impl Tallies for Away {
    async fn proofs(&self, _inquiry: &Inquiry) -> Result<Proofs, StoreError> {
        away()
    }
    async fn count(&self, _needs: &Needs, _at_s: u32) -> Result<Counted, StoreError> {
        away()
    }
    async fn raise(&self, _changes: &[Change]) -> Result<Marks, StoreError> {
        away()
    }
    async fn recover(&self, _marks: &Marks) -> Result<(), StoreError> {
        away()
    }
    async fn ping(&self) -> Result<(), StoreError> {
        away()
    }
    fn size(&self) -> TallySize {
        TallySize::default()
    }
}

#[tokio::test]
async fn without_tallies_it_is_judged_blind_and_exact_limits_hold() {
    let house = house_of(Vec::new(), |store| Store { tallies: Arc::new(Away), ..store }).await;
    let started = house.start("+12125550123").await.unwrap();
    let reasons = &started.judged.as_ref().unwrap().assessment.reasons;
    assert!(reasons.iter().any(|reason| reason.code == Code::Blind));
    let code = house.latest("+12125550123").await.code;
    assert_eq!(house.check(&started.verification.id, &code).await.unwrap(), Status::Approved);
    for _ in 0..4 {
        house.start("+12125550123").await.unwrap();
    }
    assert!(matches!(house.start("+12125550123").await, Err(VerifyError::Limited { .. })));
}
