import Foundation

/// What requests to a service came to.
public struct Spending: Hashable, Sendable, Codable {
    /// US dollars; as the service says, else tokens times its prices; nil when neither is known.
    public var dollars: Double?
    /// Tokens that were read, as the service counts.
    public var contextTokenCount: Int
    /// Tokens that were written, reasoning included, as the service counts.
    public var responseTokenCount: Int

    /// A sum to begin with.
    public static let none = Spending(dollars: nil, contextTokenCount: 0, responseTokenCount: 0)

    /// An amount.
    public init(dollars: Double?, contextTokenCount: Int, responseTokenCount: Int) {
        self.dollars = dollars
        self.contextTokenCount = contextTokenCount
        self.responseTokenCount = responseTokenCount
    }

    /// "$0.0123, 4512 tokens"
    public var text: String {
        let tokens = "\(contextTokenCount + responseTokenCount) tokens"
        return dollars.map { "\(Self.text(ofDollars: $0)), \(tokens)" } ?? tokens
    }

    /// "$12.34", "$0.0123": two digits behind the point, or as many as show two that count.
    public static func text(ofDollars dollars: Double) -> String {
        guard dollars.isFinite else { return "$?" }
        return String(format: dollars == 0 || dollars >= 1 ? "$%.2f" : "$%.4f", dollars)
    }

    /// Both together; dollars that are known count.
    public static func + (left: Spending, right: Spending) -> Spending {
        Spending(
            dollars: left.dollars.map { $0 + (right.dollars ?? 0) } ?? right.dollars,
            contextTokenCount: left.contextTokenCount + right.contextTokenCount,
            responseTokenCount: left.responseTokenCount + right.responseTokenCount)
    }
}

/// What requests to a service may come to, before they are made.
public struct SpendingEstimate: Hashable, Sendable, Codable {
    /// Requests.
    public var requestCount: Int
    /// Tokens to read, by the baking model's tokenizer; the service's own may count others.
    public var contextTokenCount: Int
    /// Most tokens that may be written.
    public var largestResponseTokenCount: Int
    /// US dollars when every response is as long as it may be; nil when prices are not known.
    public var largestDollars: Double?
    /// US dollars when responses are of the usual length.
    public var likelyDollars: Double?
    /// US dollars that the settings allow; nil for any.
    public var limit: Double?

    /// An estimate.
    public init(
        requestCount: Int, contextTokenCount: Int, largestResponseTokenCount: Int,
        largestDollars: Double?, likelyDollars: Double?, limit: Double?
    ) {
        self.requestCount = requestCount
        self.contextTokenCount = contextTokenCount
        self.largestResponseTokenCount = largestResponseTokenCount
        self.largestDollars = largestDollars
        self.likelyDollars = likelyDollars
        self.limit = limit
    }

    /// "240 requests, about $0.05, at most $0.41 (limit $5.00)"
    public var text: String {
        var text = "\(requestCount) requests"
        if let likelyDollars { text += ", about \(Spending.text(ofDollars: likelyDollars))" }
        if let largestDollars {
            text += ", at most \(Spending.text(ofDollars: largestDollars))"
        } else {
            text += ", at most \(contextTokenCount + largestResponseTokenCount) tokens"
        }
        return text + (limit.map { " (limit \(Spending.text(ofDollars: $0)))" } ?? "")
    }
}
