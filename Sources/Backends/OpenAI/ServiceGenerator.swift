package import Baking
package import Transformer

/// Lets a service write the responses of a bake.
///
/// Model, tokenizer and template are those of the backend that is baked: the service answers in text,
/// which becomes that model's tokens exactly once, in its own template. White space stays as the
/// service sent it, except for what the template trims itself and the line feeds behind a block of
/// reasoning; reasoning is left out. A response that has more tokens than were asked for, because the
/// service counts its own, is cut and counts as `.length`.
///
/// All its calls share one measure of money and of how much the service bears.
package struct ServiceGenerator: ResponseGenerator {
    package let client: OpenAIClient
    /// What the service is asked for.
    package let serviceModel: String
    package let model: ModelDescription
    package let tokenizer: any Tokenizer
    package let template: ChatTemplate
    package let capabilities: Set<Capability> = [.generate]
    let thinking: Bool
    let allowance: ServiceAllowance
    let notify: @Sendable (ServiceNotice) -> Void

    /// - Parameters:
    ///   - model: As the service names it.
    ///   - backend: Whose model is baked.
    ///   - thinking: Whether the service's model may reason before it answers.
    ///   - concurrency: Most requests in flight, at least 1.
    ///   - spendLimit: US dollars that may be spent in all, what the work cost already included; nil has
    ///     no limit.
    ///   - contextLength: Most tokens of a conversation where nothing is baked; nil is the model's.
    ///   - notify: Told what goes on; from any thread.
    package init(
        client: OpenAIClient, model: String, for backend: any Backend, thinking: Bool,
        concurrency: Int, spendLimit: Double? = nil, contextLength: Int? = nil,
        notify: @escaping @Sendable (ServiceNotice) -> Void = { _ in }
    ) {
        self.client = client
        serviceModel = model
        var description = backend.model
        description.contextLength = contextLength ?? description.contextLength
        self.model = description
        tokenizer = backend.tokenizer
        template = backend.template
        self.thinking = thinking
        self.notify = notify
        allowance = ServiceAllowance(maximumConcurrency: concurrency, limit: spendLimit)
    }

    package func generate(
        _ requests: [Baking.GenerationRequest]
    ) -> AsyncThrowingStream<Baking.GenerationEvent, any Error> {
        generate(requests, after: .none)
    }

    package func generate(
        _ requests: [Baking.GenerationRequest], after spending: Spending
    ) -> AsyncThrowingStream<Baking.GenerationEvent, any Error> {
        AsyncThrowingStream { emit in
            await allowance.hasSpent(atLeast: spending.dollars ?? 0)
            var dispatch = ServiceDispatch(self, requests, emit: emit)
            try await dispatch.run()
        }
    }

    /// Tokens of a response when nothing is known of it: what a short persona's answers come to.
    private static let usualTokenCount = 120

    /// Dollars are nil where the service does not tell its prices.
    package func estimate(
        for requests: [Baking.GenerationRequest]
    ) async throws -> SpendingEstimate? {
        let prices: OpenAIPrices?
        do {
            prices = try await allowance.prices { try await self.prices() }
        } catch is OpenAIError {
            prices = nil
        }
        let context = requests.reduce(0) { $0 + $1.context.count }
        let largest = requests.reduce(0) { $0 + $1.maximumTokenCount }
        let likely = requests.reduce(0) { $0 + min($1.maximumTokenCount, Self.usualTokenCount) }
        func dollars(_ responseTokenCount: Int) -> Double? {
            prices.map {
                $0.dollars(contextTokenCount: context, responseTokenCount: responseTokenCount)
                    + $0.perRequest * Double(max(requests.count, 1) - 1)
            }
        }
        return SpendingEstimate(
            requestCount: requests.count, contextTokenCount: context,
            largestResponseTokenCount: largest, largestDollars: dollars(largest),
            likelyDollars: dollars(likely), limit: allowance.limit)
    }

    private func prices() async throws -> OpenAIPrices? {
        try await client.models().first { $0.id == serviceModel }?.prices
    }

    /// The service's prices if a limit makes them matter.
    func pricesForLimit() async throws -> OpenAIPrices? {
        guard allowance.limit != nil else { return await allowance.knownPrices }
        let prices: OpenAIPrices?
        do {
            prices = try await allowance.prices { try await self.prices() }
        } catch is OpenAIError {
            prices = nil
        }
        if prices == nil, await allowance.isNews("prices") {
            notify(
                .warning(
                    service: client.name,
                    "the price of \(serviceModel) is not known: the spend limit counts only what "
                        + "answers say that they cost"))
        }
        return prices
    }
}
