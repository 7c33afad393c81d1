internal import Baking
internal import Foundation
internal import Transformer

/// Examples as a server takes them, and its answers by response token.
///
/// The student reads its context and the response without the last token. Position
/// context.count − 1 + j predicts response token j and has the cells of its row as targets; all
/// other positions have weight 0 and token 0.
struct TinkerTrainerBatch {
    let examples: [Baking.TrainingExample]
    /// Targets per position: the most cells that a row has.
    let columnCount: Int
    /// Whether every column goes in a datum of its own.
    let isSplit: Bool
    /// Response tokens.
    let tokenCount: Int

    /// - Parameter isSplit: Whether the server takes one target per position only.
    /// - Throws: ``BackendError/contextTooLong(tokens:limit:what:)``, or a refusal of a token that the
    ///   model does not have.
    init(
        _ examples: [Baking.TrainingExample], isSplit: Bool, context: TinkerContext
    ) throws(BackendError) {
        self.examples = examples
        var columnCount = 1
        for example in examples {
            try context.requireFit(
                example.rendered.studentContext.count + example.rendered.responseTokens.count,
                "an example without the prompt")
            let size = context.vocabularySize
            for row in example.rows {
                guard row.ids.allSatisfy({ (0..<size).contains($0.index) }) else {
                    throw .refused(
                        what: "a row has a token outside the vocabulary of \(size)",
                        remedy: "the rows were made with another model")
                }
                let cells = row.ids.indices.reduce(0) { $0 + (row.isCell($1) ? 1 : 0) }
                columnCount = max(columnCount, cells)
            }
        }
        self.columnCount = columnCount
        self.isSplit = isSplit && columnCount > 1
        tokenCount = examples.reduce(0) { $0 + $1.rows.count }
    }

    /// The data of a pass.
    ///
    /// - Parameter weights: By example, response token and cell of the row.
    func data(weights: [[[Double]]]? = nil) -> [TinkerDatum] {
        examples.indices.flatMap { index in
            let example = examples[index]
            let context = example.rendered.studentContext
            let tokens = context + example.rendered.responseTokens.dropLast()
            let count = tokens.count * columnCount
            var targets = [TokenID](repeating: 0, count: count)
            var numbers = [Float](repeating: 0, count: count)
            for (place, row) in example.rows.enumerated() {
                let start = (context.count - 1 + place) * columnCount
                for (column, cell) in row.cells.enumerated() {
                    targets[start + column] = row.ids[cell]
                    numbers[start + column] = Float(weights?[index][place][cell] ?? 0)
                }
            }
            guard isSplit else {
                return [
                    TinkerDatum(
                        tokens: tokens, targets: targets, weights: numbers,
                        columnCount: columnCount == 1 ? nil : columnCount)
                ]
            }
            return (0..<columnCount).map { column in
                let places = stride(from: column, to: count, by: columnCount)
                return TinkerDatum(
                    tokens: tokens, targets: places.map { targets[$0] },
                    weights: places.map { numbers[$0] }, columnCount: nil)
            }
        }
    }

    /// The student's log-probabilities by example, response token and cell of the row.
    ///
    /// - Throws: ``TinkerError/misaligned(what:why:)`` when the answer is not of the data's shape, or
    ///   no distribution.
    func logprobs(in result: TinkerPassResult) throws(TinkerError) -> [[[Double]]] {
        let dataPerExample = isSplit ? columnCount : 1
        guard result.logprobs.count == examples.count * dataPerExample else {
            throw misaligned(
                "\(result.logprobs.count) outputs for \(examples.count * dataPerExample) data")
        }
        let width = isSplit ? 1 : columnCount
        var found: [[[Double]]] = []
        for (index, example) in examples.enumerated() {
            let first = index * dataPerExample
            let outputs = result.logprobs[first..<first + dataPerExample]
            let start = example.rendered.studentContext.count - 1
            let expected = (start + example.rows.count) * width
            guard let wrong = outputs.first(where: { $0.count != expected }) else {
                found.append(try rows(of: example, Array(outputs), start: start))
                continue
            }
            throw misaligned(
                "datum \(first) has \(expected) targets, its output \(wrong.count) log-probabilities"
            )
        }
        return found
    }

    private func rows(
        of example: Baking.TrainingExample, _ outputs: [[Float]], start: Int
    ) throws(TinkerError) -> [[Double]] {
        var rows: [[Double]] = []
        for (place, row) in example.rows.enumerated() {
            var values = [Double](repeating: -.infinity, count: row.ids.count)
            var mass = 0.0
            for (column, cell) in row.cells.enumerated() {
                let value = Double(
                    isSplit
                        ? outputs[column][start + place]
                        : outputs[0][(start + place) * columnCount + column])
                guard value.isFinite, value <= 1e-3 else {
                    throw misaligned("\(value) is no log-probability")
                }
                values[cell] = value
                mass += exp(value)
            }
            guard mass <= 1 + 1e-2 else {
                throw misaligned("the probabilities of different tokens sum to \(mass)")
            }
            rows.append(values)
        }
        return rows
    }

    /// What each response token's log-probabilities come to, by example.
    func losses(_ logprobs: [[[Double]]]) -> [[TinkerTrainerLoss]] {
        zip(examples, logprobs).map { example, values in
            zip(example.rows, values).map { TinkerTrainerLoss($0, $1) }
        }
    }

    private func misaligned(_ why: String) -> TinkerError {
        .misaligned(what: "a pass", why: why)
    }
}

extension TopKRow {
    /// Indices of the cells that name a token.
    fileprivate var cells: [Int] { ids.indices.filter { isCell($0) } }
}
