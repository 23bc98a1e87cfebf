// What the page reads of the API's answers; <prefix>/openapi.json has all of it. Members that are zero or empty are left
// out by the server.
import type { Exact, Json, JsonObject } from './json';

export type Num = number | Exact;

export interface Node {
  uid: string;
  name: string;
  version: string;
  num_clients?: number;
  num_users?: number;
  num_subs?: number;
  num_channels?: number;
  uptime?: number;
}

export interface Connection {
  app_name?: string;
  app_version?: string;
  transport: string;
  protocol: string;
  user?: string;
  state?: { channels?: Record<string, JsonObject>; connection_token?: { uid?: string; issued_at?: number }; meta?: Json };
  connected_at_ms?: number;
  num_subs?: number;
  queued_bytes?: number;
}

export interface ClientInfo {
  client: string;
  user?: string;
  conn_info?: Json;
  chan_info?: Json;
}

export interface Publication {
  data?: Json;
  b64data?: string;
  info?: ClientInfo;
  offset?: Num;
  tags?: Record<string, string>;
}

export interface MapEntry extends Publication {
  key: string;
  score?: Num;
  time?: Num;
}

export interface Queue {
  name: string;
  ready?: number;
  working?: number;
  later?: number;
  waiting_fetches?: number;
  oldest?: string;
  latency_ms?: number;
  paused?: boolean;
}

export interface Counts {
  enqueued?: number;
  scheduled?: number;
  retries?: number;
  working?: number;
  dead?: number;
  workers?: number;
  processed?: Num;
  failures?: Num;
}

export interface Failure {
  retry_count?: number;
  remaining?: number;
  failed_at?: string;
  next_at?: string;
  message?: string;
  errtype?: string;
  backtrace?: string[];
}

export interface Job {
  jid: string;
  jobtype?: string;
  args?: Json[];
  queue?: string;
  priority?: number;
  at?: string;
  created_at?: string;
  enqueued_at?: string;
  retry?: number;
  reserve_for?: number;
  custom?: JsonObject;
  failure?: Failure;
}

export interface JobView {
  jid: string;
  jobtype?: string;
  queue?: string;
  state: string;
  at?: string;
  reserved_until?: string;
  worker?: string;
  updated_at?: string;
  percent?: number;
  desc?: string;
  checkpoint?: Json;
  log?: string[];
  result?: Json;
  job?: Job & JsonObject;
}

export interface Worker {
  worker: string;
  hostname?: string;
  pid?: number;
  labels?: string[];
  state: string;
  started_at?: string;
  heard_at?: string;
  rss_kb?: number;
  connections?: number;
  working?: number;
}

export interface Schedule {
  name: string;
  schedule: string;
  zone?: string;
  in_words?: string;
  overlap?: string;
  catch_up?: string;
  enabled?: boolean;
  paused?: boolean;
  configured?: boolean;
  job?: Job & JsonObject;
  fired_at?: string;
  last_jid?: string;
  next?: string[];
}

export interface Batch {
  bid: string;
  parent?: string;
  description?: string;
  created_at?: string;
  committed?: boolean;
  total?: number;
  pending?: number;
  failed?: number;
  children?: number;
  complete?: string;
  success?: string;
}

export interface Sequence {
  key: string;
  length?: number;
  head?: string;
  halted?: boolean;
}

export interface Limits {
  limits?: JsonObject;
  configured?: boolean;
  running?: number;
  parked?: number;
  blocked_keys?: { key: string; running?: number; parked?: number }[];
}

export interface OutboxStatus {
  relayed_by: string;
  relayed_here: boolean;
  waiting: number;
  parked: number;
  lag_ms: number;
  held: { lane: string; entry: Num; attempts: number; retry_in_ms: number; why: string }[];
}

export interface Parked {
  id: Num;
  sink: string;
  target: string;
  key: string;
  data: string;
  reason: string;
  created_at: number;
  parked_at: number;
}
