/// A reply the engine has taken up.
final class Guest {
    let reply: Reply
    /// nil before it has begun.
    var sampling: Sampling?

    init(_ reply: Reply) { self.reply = reply }
}
