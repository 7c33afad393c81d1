/// How much may be asked of a service: in money, and at once.
actor ServiceAllowance {
    enum Reservation: Hashable {
        /// US dollars that are held back until the request has ended.
        case granted(Double)
        /// Others must end first; they may cost less than the most.
        case later
        /// The limit is reached.
        case reached
    }

    /// US dollars in all.
    let limit: Double?
    private(set) var spent = 0.0
    private var reservations: [Double] = []
    /// The most one request has cost, for services that do not tell their prices.
    private var dearest = 0.0
    private var cache: OpenAIPrices??

    private let maximumConcurrency: Int
    /// Requests in flight; nil before the first one.
    private var current: Int?
    /// Whether the service answers one request after the other.
    private var isCareful = false
    private var successes = 0
    /// Counts how often it was slowed down, so that requests which were in flight together slow down
    /// once.
    private(set) var slowdowns = 0
    private var news: Set<String> = []

    /// Successes after which one more request goes at once, after the service was slowed down.
    private static let patience = 20

    init(maximumConcurrency: Int, limit: Double?) {
        self.maximumConcurrency = max(maximumConcurrency, 1)
        self.limit = limit
    }

    // MARK: Money

    /// What the same work cost before.
    func hasSpent(atLeast dollars: Double) { spent = max(spent, dollars) }

    /// Holds back `most` US dollars, nil where the most is not known.
    func reserve(_ most: Double?) -> Reservation {
        guard let limit else { return .granted(0) }
        let amount = most ?? dearest
        guard spent + reservations.reduce(0, +) + amount <= limit else {
            return reservations.isEmpty ? .reached : .later
        }
        reservations.append(amount)
        return .granted(amount)
    }

    /// The request for which `amount` was held back has ended.
    func settle(_ amount: Double, spent dollars: Double?) {
        if let index = reservations.firstIndex(of: amount) { reservations.remove(at: index) }
        spent += dollars ?? 0
        dearest = max(dearest, dollars ?? 0)
    }

    /// The prices, asked for once; a failure is no answer.
    func prices(_ ask: () async throws -> OpenAIPrices?) async throws -> OpenAIPrices? {
        if let cache { return cache }
        let prices = try await ask()
        cache = .some(prices)
        return prices
    }

    var knownPrices: OpenAIPrices? { cache ?? nil }

    // MARK: Pace

    /// Requests in flight now allowed.
    func concurrency(startingWith first: Int) -> Int {
        isCareful = first == 1
        let allowed = current ?? min(first, maximumConcurrency)
        current = allowed
        return allowed
    }

    func succeeded() {
        successes += 1
        // Until it is too much for the service once, each success allows one more; those that answer
        // one after the other gain nothing by it.
        let isFast = slowdowns == 0 && !isCareful
        guard isFast || successes % Self.patience == 0, let allowed = current else { return }
        current = min(allowed + 1, maximumConcurrency)
    }

    /// Halves what is allowed, unless that happened since a request began which saw `slowdowns`.
    func slowDown(since slowdowns: Int) {
        guard slowdowns == self.slowdowns else { return }
        self.slowdowns += 1
        successes = 0
        current = current.map { max($0 / 2, 1) }
    }

    // MARK: News

    /// Whether `fact` has not been told yet; a few are remembered, the rest is no news.
    func isNews(_ fact: String) -> Bool { news.count < 16 && news.insert(fact).inserted }
}
