/** The operations, in the shape that openapi-typescript generates, so that openapi-fetch checks every call. */
import type * as T from './types'

interface Parameters<Path, Query, Header> {
  path?: Path
  query?: Query
  header?: Header
}
interface Json<B> {
  content: { 'application/json': B }
}
type Failure = { content: { 'application/problem+json': unknown } }
interface Read<R, Path = never, Query = never> {
  parameters: Parameters<Path, Query, never>
  responses: { 200: Json<R>; default: Failure }
}
interface Write<R, B = never, Path = never, Header = never> {
  parameters: Parameters<Path, never, Header>
  requestBody?: Json<B>
  responses: { 200: Json<R>; default: Failure }
}
type Id = { id: number }
export interface ListQuery {
  server_id?: number
  page?: number
  page_size?: number
  q?: string
}
type Collection<Row, Input> = { get: Read<T.Page<Row>, never, ListQuery>; post: Write<Row, Input> }
type Item<Row, Input> = {
  get: Read<Row, Id>
  put: Write<Row, Input, Id>
  delete: Write<never, never, Id>
}
type SeatCommand<B = never> = { post: Write<T.SeatRow, B, never, { 'Idempotency-Key': string }> }

export interface paths {
  '/api/v1/auth/password': { post: Write<never, { current: string; new: string }> }
  '/api/v1/auth/logout': { post: Write<never> }
  '/api/v1/me': { get: Read<T.Me> }

  '/api/v1/calls': { get: Read<T.CallsPage, never, T.CallsQuery> }
  '/api/v1/calls/{id}': { get: Read<T.CallDetail, { id: string }> }
  '/api/v1/recordings/{id}/ticket': { post: Write<T.RecordingTicket, never, { id: string }> }
  '/api/v1/recordings/{id}/peaks': { get: Read<T.Peaks, { id: string }> }

  '/api/v1/voice/servers': Collection<T.ServerRow, T.ServerInput>
  '/api/v1/voice/servers/{id}': Item<T.ServerRow, T.ServerInput>
  '/api/v1/voice/servers/{id}/test': { post: Write<T.TestOutcome, never, Id> }
  '/api/v1/voice/extensions': Collection<T.ExtensionRow, T.ExtensionInput>
  '/api/v1/voice/extensions/{id}': Item<T.ExtensionRow, T.ExtensionInput>
  '/api/v1/voice/queues': Collection<T.QueueRow, T.QueueInput>
  '/api/v1/voice/queues/{id}': Item<T.QueueRow, T.QueueInput>
  '/api/v1/voice/queues/{id}/agents': {
    put: Write<T.QueueRow, { agents: T.QueueAgentInput[]; version: number }, Id>
  }
  '/api/v1/voice/gateways': Collection<T.GatewayRow, T.GatewayInput>
  '/api/v1/voice/gateways/{id}': Item<T.GatewayRow, T.GatewayInput>
  '/api/v1/voice/routes': Collection<T.RouteRow, T.RouteInput>
  '/api/v1/voice/routes/{id}': Item<T.RouteRow, T.RouteInput>
  '/api/v1/voice/routes/dry-run': { post: Write<T.DryRun, T.DryRunRequest> }

  '/api/v1/desk/seat': { get: Read<T.SeatRow> }
  '/api/v1/desk/seat/login': SeatCommand<{ extension: string; password: string; phone: 'desk' }>
  '/api/v1/desk/seat/logout': SeatCommand
  '/api/v1/desk/seat/ready': SeatCommand
  '/api/v1/desk/seat/not-ready': SeatCommand<{ reason: string }>
  '/api/v1/desk/seat/answer': SeatCommand
  '/api/v1/desk/seat/hangup': SeatCommand
  '/api/v1/desk/seat/hold': SeatCommand
  '/api/v1/desk/seat/retrieve': SeatCommand
  '/api/v1/desk/seat/dial': SeatCommand<{ number: string }>
}
