import Foundation

/// How a token is drawn from a distribution.
package struct SamplingSettings: Hashable, Sendable {
    /// Divides the logits; 0 takes the likeliest token, the lowest id among equals.
    package var temperature: Double
    /// Only this many of the likeliest tokens; nil for all.
    package var topK: Int?
    /// Only the likeliest tokens that together reach this share, after the temperature; nil or 1
    /// for all. Looks at the 1024 likeliest.
    package var topP: Double?

    /// - Parameters:
    ///   - temperature: At least 0.
    ///   - topK: At least 1; above 1024 counts as 1024.
    ///   - topP: Above 0, at most 1.
    package init(temperature: Double, topK: Int? = nil, topP: Double? = nil) {
        precondition(temperature >= 0 && (topK ?? 1) >= 1 && (topP ?? 1) > 0)
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
    }

    var isRestricted: Bool { topK != nil || (topP ?? 1) < 1 }
}

/// Draws the tokens of one sequence: which ones follows from its settings, its seed and the logits
/// alone. Each token takes one number of the stream.
package struct Sampler: Sendable {
    package let settings: SamplingSettings
    private var generator: SeededGenerator

    package init(_ settings: SamplingSettings, seed: UInt64) {
        self.settings = settings
        generator = SeededGenerator(seed: seed)
    }

    /// One token for each row of logits, by the sampler of that row.
    static func draw(
        _ logits: Rows, with samplers: inout [Sampler], pool: ThreadPool
    ) -> [TokenID] {
        precondition(samplers.count == logits.count)
        let uniform = samplers.indices.map { samplers[$0].generator.uniform() }
        let temperatures = samplers.map { Float($0.settings.temperature) }
        var tokens = Kernels.sample(
            logits: logits, temperatures: temperatures, uniform: uniform, pool: pool
        ).map { TokenID(rawValue: $0) }
        for (row, sampler) in samplers.enumerated()
        where sampler.settings.isRestricted && sampler.settings.temperature > 0 {
            tokens[row] = sampler.restrictedToken(
                logits.rows(row..<row + 1), uniform: uniform[row], pool: pool)
        }
        return tokens
    }

    private func restrictedToken(
        _ logits: Rows, uniform: Double, pool: ThreadPool
    ) -> TokenID {
        let limit = min(Kernels.topKLimit, logits.columns)
        let rows = TopKRows(of: logits, topK: min(settings.topK ?? limit, limit), pool: pool)
        let best = Double(rows.logprobs[0])
        let weights = rows.logprobs.map { exp((Double($0) - best) / settings.temperature) }
        var kept = weights.count
        if let topP = settings.topP {
            // Of what the tokens would have among all, or among the K kept before.
            var total = weights.reduce(0, +)
            if settings.topK == nil && limit < logits.columns {
                let largest = logits.base[rows.ids[0].index]
                total = (0..<logits.columns).reduce(0.0) {
                    $0 + exp(Double(logits.base[$1] - largest) / settings.temperature)
                }
            }
            var sum = 0.0
            kept =
                1
                + (weights.firstIndex {
                    sum += $0; return sum >= topP * total
                }
                    ?? weights.count - 1)
        }
        var left = uniform * weights[..<kept].reduce(0, +)
        for index in 0..<kept {
            left -= weights[index]
            if left < 0 { return rows.ids[index] }
        }
        return rows.ids[kept - 1]
    }
}
