"""The recipe as one would write it in Python: five sliding windows in Redis, each a sorted set, one pipeline a key,
keys in turn. Started as `uvicorn server:app`, with the port of Redis in REDIS_PORT."""

import os
import time
import uuid

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from redis.asyncio import Redis

WINDOW_S = 600
LIMITS = {"number": 5, "ip": 200, "device": 10, "session": 10, "user": 10}

redis = Redis(host="127.0.0.1", port=int(os.environ["REDIS_PORT"]))
app = FastAPI()


class Client(BaseModel):
    ip: str | None = None
    device_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    user_agent: str | None = None


class Asked(BaseModel):
    to: str
    channel: str = "sms"
    profile: str = "default"
    client: Client = Client()


async def count_in(key: str, now: int) -> int:
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.zremrangebyscore(key, 0, now - WINDOW_S * 1000)
        pipeline.zadd(key, {f"{now}-{uuid.uuid4()}": now})
        pipeline.zcard(key)
        pipeline.expire(key, WINDOW_S)
        return (await pipeline.execute())[2]


@app.post("/v1/assessments")
async def judge(asked: Asked) -> JSONResponse:
    client = asked.client
    scopes = {
        "number": asked.to,
        "ip": client.ip,
        "device": client.device_id,
        "session": client.session_id,
        "user": client.user_id,
    }
    now = int(time.time() * 1000)
    reasons = []
    for scope, value in scopes.items():
        if value is None:
            continue
        seen = await count_in(f"python:{scope}:{value}", now)
        if seen > LIMITS[scope]:
            reasons.append({"code": f"limit.{scope}", "seen": seen, "window_s": WINDOW_S})
    decision = "block" if reasons else "allow"
    return JSONResponse({"id": str(uuid.uuid4()), "decision": decision, "reasons": reasons}, 201)
