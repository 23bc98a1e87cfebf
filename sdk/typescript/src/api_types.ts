// Types of endpoints, from the OpenAPI document of the server:
//
//   tidemill queries openapi >openapi.json && npx openapi-typescript openapi.json -o api.ts
//   declare module 'tidemill' { interface Register { api: import('./api').paths } }
import type { Params } from './names.js';

/** To be merged with `{ api: paths }`. */
// biome-ignore lint/suspicious/noEmptyInterface: declarations of applications are merged into it.
export interface Register {}

type Api = Register extends { api: infer Paths } ? Paths : Record<never, never>;
type Get<Path> = Path extends { get: infer Operation } ? Operation : never;
type Body<Operation> = Operation extends { responses: { 200: { content: { 'application/json': infer Json } } } } ? Json : never;
type Named<Operation, Where extends string> = Operation extends { parameters: { [W in Where]?: infer Values } }
  ? [NonNullable<Values>] extends [never] ? unknown : NonNullable<Values>
  : unknown;
type Bare<Path> = Path extends `/${infer Name}` ? Name : never;
type OperationOf<Endpoint extends string> = `/${Endpoint}` extends keyof Api ? Get<Api[`/${Endpoint}`]> : never;

/** The endpoints that answer GET, as `orders/mine`; never, where no document is registered. */
export type LiveEndpoint = Bare<{ [Path in keyof Api]: Api[Path] extends { get: object } ? Path : never }[keyof Api]>;
/** One row of what GET answers. */
export type RowOf<Endpoint extends string> = Body<OperationOf<Endpoint>> extends readonly (infer Row)[]
  ? Row
  : Body<OperationOf<Endpoint>>;
/** Of the path and of the query. */
export type ParamsOf<Endpoint extends string> = Named<OperationOf<Endpoint>, 'path'> & Named<OperationOf<Endpoint>, 'query'>;
/** They may be left out where none is required. */
export type ParamsArgument<Endpoint extends string> = Partial<ParamsOf<Endpoint>> extends ParamsOf<Endpoint>
  ? [params?: ParamsOf<Endpoint>]
  : [params: ParamsOf<Endpoint>];
export type AnyParams = Params;
