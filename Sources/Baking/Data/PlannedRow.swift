/// One row that a dataset should have.
struct PlannedRow: Hashable, Sendable {
    var query: Query
    var split: Split
    var temperature: Double
    /// From 1.
    var turn: Int
    var id: String
    var seed: UInt64

    init(query: Query, split: Split, temperature: Double, turn: Int, seed: UInt64) {
        self.query = query
        self.split = split
        self.temperature = temperature
        self.turn = turn
        id = String(
            sha256(parts: [query.id, split.rawValue, "\(temperature)", "\(turn)"]).prefix(16))
        self.seed = derivedSeed("row", "\(seed)", id)
    }

    /// The rows of `queries` in canonical order: by query, temperature and turn.
    static func rows(
        _ queries: [Query], split: Split, temperatures: [Double], seed: UInt64
    ) -> [PlannedRow] {
        queries.flatMap { query in
            temperatures.flatMap { temperature in
                (1...query.turns.count).map {
                    PlannedRow(
                        query: query, split: split, temperature: temperature, turn: $0, seed: seed)
                }
            }
        }
    }

    /// Train rows at every temperature, then dev rows at 1: a KL is an expectation under the
    /// teacher.
    static func rows(_ queries: QuerySet, configuration: BakeConfiguration) -> [PlannedRow] {
        rows(
            queries.train, split: .train, temperatures: configuration.temperatures,
            seed: configuration.seed)
            + rows(queries.dev, split: .dev, temperatures: [1], seed: configuration.seed)
    }
}
