internal import Baking
internal import Foundation
internal import Transformer

/// What a student's log-probabilities at a teacher's row come to, and the weights that make a server
/// go down that slope: its loss −Σ w · l has the gradient of any loss C of l where w = −dC/dl.
///
/// With p the teacher, l the student's log-probabilities, p_r the teacher's rest and
/// R = 1 − Σ exp l the student's:
/// C = Σ p (log p − l) + p_r (log p_r − log R), so that w = p − p_r · exp(l) / R.
struct TinkerTrainerLoss {
    /// The K-plus-rest KL in nats.
    let kl: Double
    /// The same without the rest.
    let truncated: Double
    /// −dC/dl of each cell; 0 where a cell is none.
    let tailWeights: [Double]
    /// Whether the teacher's likeliest token is the student's likeliest of the row and likelier than
    /// all others together.
    let agrees: Bool

    /// A smaller rest of the student counts as this: float32 log-probabilities tell no less.
    static let smallestRest = 1e-6

    /// - Parameter logprobs: Of the cells of `row`, in its order; finite where a cell is one.
    init(_ row: TopKRow, _ logprobs: [Double]) {
        let cells = row.ids.indices.filter { row.isCell($0) }
        let mass =
            cells.count == 1
            ? 1 + expm1(logprobs[cells[0]]) : cells.reduce(0) { $0 + exp(logprobs[$1]) }
        let rest = max(cells.count == 1 ? -expm1(logprobs[cells[0]]) : 1 - mass, Self.smallestRest)
        let teacherRest = row.tailLogMass > -.infinity ? exp(Double(row.tailLogMass)) : 0
        var top = 0.0
        var weights = [Double](repeating: 0, count: row.ids.count)
        for cell in cells {
            let p = exp(Double(row.logprobs[cell]))
            if p > 0 { top += p * (Double(row.logprobs[cell]) - logprobs[cell]) }
            weights[cell] = p - teacherRest * exp(logprobs[cell]) / rest
        }
        truncated = top
        kl =
            teacherRest > 0 ? top + teacherRest * (Double(row.tailLogMass) - log(rest)) : top
        tailWeights = weights
        let others = cells.dropFirst().map { logprobs[$0] }.max() ?? -.infinity
        agrees = cells.first.map { logprobs[$0] > others && exp(logprobs[$0]) > rest } ?? false
    }
}

extension TopKRow {
    /// Whether cell `index` names a token; a row that is short is filled up with cells of no mass.
    func isCell(_ index: Int) -> Bool { logprobs[index] > -.infinity }

    /// The teacher's probabilities, 0 where a cell is none.
    var probabilities: [Double] { logprobs.map { exp(Double($0)) } }
}
