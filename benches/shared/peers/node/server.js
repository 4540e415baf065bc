// The recipe as one would write it in Node: five sliding windows in Redis, each a sorted set, one pipeline a key, keys
// in turn. Started as `node server.js PORT REDIS_PORT`.
'use strict';

const express = require('express');
const { Redis } = require('ioredis');
const { randomUUID } = require('node:crypto');

const [port, redisPort] = process.argv.slice(2).map(Number);
const redis = new Redis({ host: '127.0.0.1', port: redisPort });

const WINDOW_S = 600;
const LIMITS = { number: 5, ip: 200, device: 10, session: 10, user: 10 };

async function countIn(key, now) {
  const answers = await redis
    .pipeline()
    .zremrangebyscore(key, 0, now - WINDOW_S * 1000)
    .zadd(key, now, `${now}-${randomUUID()}`)
    .zcard(key)
    .expire(key, WINDOW_S)
    .exec();
  return answers[2][1];
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json());

app.post('/v1/assessments', async (call, answer) => {
  const { to, client = {} } = call.body;
  const asked = {
    number: to,
    ip: client.ip,
    device: client.device_id,
    session: client.session_id,
    user: client.user_id,
  };
  const now = Date.now();
  const reasons = [];
  for (const [scope, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    const seen = await countIn(`node:${scope}:${value}`, now);
    if (seen > LIMITS[scope]) reasons.push({ code: `limit.${scope}`, seen, window_s: WINDOW_S });
  }
  const decision = reasons.length > 0 ? 'block' : 'allow';
  answer.status(201).json({ id: randomUUID(), decision, reasons });
});

app.listen(port, '127.0.0.1');
