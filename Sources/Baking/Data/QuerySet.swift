/// The queries of a bake and what verification checks on the replies.
public struct QuerySet: Hashable, Sendable, Codable {
    /// What a persona's replies should show.
    public var checks: [Check]
    /// Queries whose responses are trained on.
    public var train: [Query]
    /// Queries that choose the best checkpoint.
    public var dev: [Query]
    /// Queries that only verification asks.
    public var test: [Query]

    /// A set.
    public init(checks: [Check] = [], train: [Query], dev: [Query], test: [Query]) {
        self.checks = checks
        self.train = train
        self.dev = dev
        self.test = test
    }

    /// The queries of `split`, in the order of the file.
    public subscript(split: Split) -> [Query] {
        get {
            switch split {
            case .train: train
            case .dev: dev
            case .test: test
            }
        }
        set {
            switch split {
            case .train: train = newValue
            case .dev: dev = newValue
            case .test: test = newValue
            }
        }
    }

    /// SHA-256 over what is trained and evaluated on: part of a run's identity. Checks and `test`
    /// queries do not change a bake, so they are not in it.
    public var hash: String {
        sha256(parts: ["train"] + train.map(\.id) + ["dev"] + dev.map(\.id))
    }
}

/// Why a query set cannot be used.
public enum QuerySetError: Error, Hashable, CustomStringConvertible {
    /// It cannot be read.
    case unreadable(path: String, reason: String)
    /// Something in it is wrong.
    case invalid(path: String, line: Int, why: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read the query set \(path): \(reason)"
        case .invalid(let path, let line, let why): "\(path):\(line): \(why)"
        }
    }
}
