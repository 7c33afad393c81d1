/// What replies may take of the engine's time while it does something longer: as much as that had
/// since somebody waits.
struct TimeShare {
    typealias Instant = ContinuousClock.Instant

    private var owed = Duration.zero
    private var mark = ContinuousClock.now

    /// Whether it is the replies' turn.
    var isOwed: Bool { owed > .zero }

    /// Somebody waits from now on.
    mutating func begin(at now: Instant = .now) {
        owed = .zero
        mark = now
    }

    /// The time since the last call went to the longer work.
    mutating func worked(until now: Instant = .now) {
        owed += now - mark
        mark = now
    }

    /// The time since the last call went to a reply. No more than that is owed in return.
    mutating func replied(until now: Instant = .now) {
        let spent = now - mark
        owed = max(owed - spent, .zero - spent)
        mark = now
    }
}
