/// What is wrong with a run or its directory.
public enum RunError: Error, Hashable, CustomStringConvertible {
    /// No run is called so.
    case notFound(name: String, store: String)
    /// There is no run that fits.
    case none(store: String)
    /// A name that cannot be a directory's.
    case invalidName(String)
    /// Written by another version.
    case otherFormat(path: String, found: Int, expected: Int)
    /// A file of the run cannot be understood.
    case damaged(path: String, why: String)
    /// Another process works on it.
    case inUse(run: String, process: Int?)
    /// A new run was asked for by a name that is taken.
    case exists(run: String)
    /// The run holds checkpoints made with other settings.
    case otherSettings(run: String, changes: [String])
    /// It was baked into another model.
    case otherModel(run: String, model: String, found: String)
    /// It has no such checkpoint.
    case noCheckpoint(run: String, which: String)
    /// A file cannot be read.
    case unreadable(path: String, reason: String)
    /// A file cannot be written.
    case unwritable(path: String, reason: String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .notFound(let name, let store): "no run is called \(name) (\(store)); see oven runs"
        case .none(let store): "there is no run that fits in \(store); make one with oven bake"
        case .invalidName(let name):
            "\(name.debugDescription) cannot name a run; use letters, digits, - and _"
        case .otherFormat(let path, let found, let expected):
            "\(path) has format \(found), this version reads \(expected); use the version that made "
                + "it or start a new run"
        case .damaged(let path, let why): "\(path): \(why)"
        case .inUse(let run, let process):
            "the run \(run) is in use\(process.map { " by process \($0)" } ?? ""); "
                + "wait for it or end it"
        case .otherSettings(let run, let changes):
            "\(run) was baked with another \(changes.joined(separator: ", ")); choose another --run, "
                + "and --dataset \(run) to bake its rows again"
        case .exists(let run): "there is a run \(run) already; choose another name"
        case .otherModel(let run, let model, let found):
            "the run \(run) was baked into \(model), not into \(found); use that model"
        case .noCheckpoint(let run, let which):
            "the run \(run) has no \(which) checkpoint; oven bake makes them"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason); what was there is kept, and the same command continues"
        }
    }
}
