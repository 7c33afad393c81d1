import Foundation

/// A model that a service offers.
package struct OpenAIModel: Hashable, Sendable {
    package var id: String
    package var contextLength: Int?
    /// Most tokens of an answer.
    package var maximumTokenCount: Int?
    /// nil where the service does not say, or says that it varies.
    package var prices: OpenAIPrices?
}

/// US dollars.
package struct OpenAIPrices: Hashable, Sendable {
    package var perContextToken: Double
    package var perResponseToken: Double
    package var perRequest: Double

    package init(perContextToken: Double, perResponseToken: Double, perRequest: Double = 0) {
        self.perContextToken = perContextToken
        self.perResponseToken = perResponseToken
        self.perRequest = perRequest
    }

    func dollars(contextTokenCount: Int, responseTokenCount: Int) -> Double {
        perRequest + perContextToken * Double(contextTokenCount)
            + perResponseToken * Double(responseTokenCount)
    }

    init?(_ pricing: OpenAIWire.Model.Pricing?) {
        // -1 stands for a price that varies.
        func price(_ value: WireValue?) -> Double? {
            value?.number.flatMap { (0...1000).contains($0) ? $0 : nil }
        }
        guard let context = price(pricing?.prompt), let response = price(pricing?.completion)
        else { return nil }
        let request = pricing?.request
        guard let perRequest = request == nil || request == .null ? 0 : price(request) else {
            return nil
        }
        self.init(
            perContextToken: context, perResponseToken: response, perRequest: perRequest)
    }
}

/// What a service says of a key.
package struct OpenAIKeyStatus: Hashable, Sendable {
    /// US dollars until the key's own limit; nil when it has none.
    package var remaining: Double?
    package var used: Double?
    package var usedToday: Double?
    package var isFreeTier: Bool?
    /// Requests to free models that are left today.
    package var freeRequestsLeft: Int?
}

extension OpenAIClient {
    private static let listPolicy = RetryPolicy(
        statuses: [408, 409, 425, 429, 500, 502, 503, 504, 524, 529], attempts: 3)

    /// The models the server lists; some servers list none and answer all the same.
    ///
    /// - Throws: ``OpenAIError``, or `CancellationError`.
    package func models() async throws -> [OpenAIModel] {
        let list = try await fetch(OpenAIWire.Models.self, "models")
        return list.data.prefix(100_000).compactMap { model in
            guard let id = model.id, !id.isEmpty, id.utf8.count <= 512 else { return nil }
            return OpenAIModel(
                id: id, contextLength: model.contextLength.flatMap { $0 > 0 ? $0 : nil },
                maximumTokenCount: model.maximumTokenCount.flatMap { $0 > 0 ? $0 : nil },
                prices: OpenAIPrices(model.pricing))
        }
    }

    /// Whether the key is good and what may be spent with it; OpenRouter's alone.
    ///
    /// - Throws: ``OpenAIError``, or `CancellationError`.
    package func keyStatus() async throws -> OpenAIKeyStatus {
        let account = try await fetch(OpenAIWire.Key.self, "key").data
        return OpenAIKeyStatus(
            remaining: account.remaining, used: account.used, usedToday: account.usedToday,
            isFreeTier: account.isFreeTier,
            freeRequestsLeft: account.freeRequests?["remaining"]?.number.flatMap {
                Int(exactly: $0)
            })
    }

    private func fetch<Answer: Decodable>(_ type: Answer.Type, _ path: String) async throws
        -> Answer
    {
        let answer: HTTPAnswer
        do {
            answer = try await caller.call(
                request(.get, path, accept: "application/json"), policy: Self.listPolicy,
                limit: 32 << 20)
        } catch HTTPFailure.status(let answer) {
            throw OpenAIError.refused(refusal(in: answer))
        } catch HTTPFailure.transport(let error) {
            throw OpenAIError.transport(error)
        }
        do {
            return try JSONDecoder().decode(type, from: answer.body)
        } catch {
            throw OpenAIError.malformed(
                OpenAIText.line(
                    String(decoding: answer.body.prefix(200), as: UTF8.self), limit: 200))
        }
    }
}
