import Foundation

/// Sends a pass in the dialect that the server speaks, and finds out which that is.
struct TinkerPassSubmission: Sendable {
    let data: ArraySlice<TinkerDatum>
    let model: String
    let number: Int
    let isTraining: Bool
    let what: String

    /// What servers that cannot read protobuf answer to it; nothing was done then.
    private static let refusals: Set<Int> = [400, 415, 422, 500, 501]

    func send(
        on connection: TinkerConnection, _ dialects: TinkerDialects
    ) async throws -> TinkerTrainingClient.Submitted {
        if let dialect = await dialects.current {
            return .request(
                try await connection.submit(try await call(dialect), what: what))
        }
        var policy = connection.policy
        policy.statuses.subtract(Self.refusals)
        do {
            let request = try await connection.submit(
                try await call(.proto), what: what, policy: policy, isObedient: false)
            _ = await dialects.settle(.proto)
            return .request(request)
        } catch let refusal as TinkerRefusal
            where refusal.status.map(Self.refusals.contains) == true
        {
            let request: String
            do {
                // The number is free again: nothing was accepted under it.
                request = try await connection.submit(try await call(.json), what: what)
            } catch let other as TinkerRefusal where [404, 405, 415].contains(other.status) {
                // It speaks protobuf, and has something against the request itself.
                throw refusal
            }
            if await dialects.settle(.json) {
                let why = await connection.describe(refusal.failure)
                await connection.waiting.note(
                    "the server does not read protobuf (\(why)); passes are sent as JSON")
            }
            return .request(request)
        }
    }

    @concurrent private func call(_ dialect: TinkerDialect) async throws -> TinkerCall {
        switch dialect {
        case .proto:
            var call = TinkerCall(
                "forward_backward",
                body: try TinkerProto.pass(
                    Array(data), model: model, number: number, isTraining: isTraining))
            call.contentType = TinkerWire.protobuf
            return call
        case .json:
            return TinkerCall(
                isTraining ? "forward_backward" : "forward",
                body: try TinkerWire.pass(
                    Array(data), model: model, number: number, isTraining: isTraining))
        }
    }
}
