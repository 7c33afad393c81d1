import Foundation
import Transformer

extension VerificationReport {
    /// First and last positions of the ranges, from 1; nil is open.
    static let positions: [(from: Int, to: Int?)] = [
        (1, 1), (2, 5), (6, 25), (26, 100), (101, nil),
    ]

    /// The figures of a verification.
    ///
    /// - Parameters:
    ///   - texts: What the user says in each query, by id.
    ///   - replies: Of all arms; those of the prompted arm are what was measured, in this order.
    ///   - contexts: The student's own context first.
    ///   - measured: Divergences of the prompted replies for every context.
    init(
        step: Int, strength: Double, divergence: DivergenceKind, checks: [Check],
        texts: [String: String], replies: [ArmReply], contexts: [StudentContext],
        measured: [StudentContext: [Divergence]], seed: UInt64
    ) {
        let prompted = replies.filter { $0.arm == .prompted }
        let own = measured[contexts[0]] ?? []
        precondition(own.count == prompted.count)
        let sums = Sums(own)
        var byQuery: [String: Statistics.QuerySums] = [:]
        var order: [String] = []
        for (reply, divergence) in zip(prompted, own) {
            if byQuery[reply.query] == nil { order.append(reply.query) }
            byQuery[reply.query, default: .init(base: 0, baked: 0)].base +=
                divergence.base.reduce(0, +)
            byQuery[reply.query]?.baked += divergence.baked.reduce(0, +)
        }
        let baked = replies.filter { $0.arm == .baked }
        func meanLength(_ replies: [ArmReply]) -> Double {
            Double(replies.reduce(0) { $0 + $1.tokens.count }) / Double(replies.count)
        }
        let turns = prompted.map(\.turn).max() ?? 0
        self.init(
            step: step, strength: strength, studentContext: contexts[0], queries: order.count,
            tokens: sums.tokens, divergence: divergence, kl: sums.kl, gapClosed: sums.gapClosed,
            gapClosedInterval: Statistics.gapClosedInterval(
                order.compactMap { byQuery[$0] }, seed: derivedSeed("bootstrap", "\(seed)")),
            topOneAgreement: Statistics.share(own.flatMap(\.bakedAgrees)),
            baseTopOneAgreement: Statistics.share(own.flatMap(\.baseAgrees)),
            lengthRatio: meanLength(baked) / meanLength(prompted),
            unendedShare: Statistics.share(baked.map { $0.stop == .length }),
            byPosition: VerificationReport.positions.map { from, to in
                let part = Sums(own, positions: from - 1..<(to ?? Int.max))
                return PositionRange(
                    from: from, to: to, tokens: part.tokens, base: part.kl.base,
                    baked: part.kl.baked)
            },
            byTurn: (0..<turns).map { index in
                let part = Sums(zip(prompted, own).filter { $0.0.turn == index + 1 }.map(\.1))
                return Turn(
                    turn: index + 1, tokens: part.tokens, base: part.kl.base, baked: part.kl.baked)
            },
            otherContexts: contexts.dropFirst().map { context in
                let part = Sums(measured[context] ?? [])
                return ContextResult(
                    studentContext: context, kl: part.kl, gapClosed: part.gapClosed)
            },
            checks: checks.flatMap { check in
                Arm.allCases.map { arm in
                    let passes = replies.filter { $0.arm == arm }
                        .map { check.matches($0.messages.last?.content ?? "") }
                    let count = passes.filter { $0 }.count
                    return CheckRate(
                        name: check.name, arm: arm, rate: Statistics.share(passes),
                        interval: Statistics.wilson(successes: count, total: passes.count))
                }
            },
            replies: VerificationReport.samples(of: replies, texts: texts))
    }

    /// All arms' last replies to the first query of each group.
    private static func samples(of replies: [ArmReply], texts: [String: String]) -> [Reply] {
        var groups: Set<String> = []
        var queries: [String] = []
        for reply in replies where groups.insert(reply.group).inserted {
            queries.append(reply.query)
        }
        return queries.flatMap { query in
            Arm.allCases.compactMap { arm in
                replies.last { $0.query == query && $0.arm == arm }.map { reply in
                    Reply(
                        query: texts[query] ?? "", arm: arm,
                        reply: reply.messages.last?.content ?? "", stop: reply.stop)
                }
            }
        }
    }

    /// Divergences added up over response tokens.
    private struct Sums {
        var base = 0.0
        var baked = 0.0
        var tokens = 0

        /// - Parameter positions: Those counted, from 0.
        init(_ divergences: [Divergence], positions: Range<Int> = 0..<Int.max) {
            for divergence in divergences {
                let range = positions.clamped(to: 0..<divergence.base.count)
                base += divergence.base[range].reduce(0, +)
                baked += divergence.baked[range].reduce(0, +)
                tokens += range.count
            }
        }

        var kl: KLPair { KLPair(base: base / Double(tokens), baked: baked / Double(tokens)) }
        var gapClosed: Double { 1 - baked / base }
    }
}
