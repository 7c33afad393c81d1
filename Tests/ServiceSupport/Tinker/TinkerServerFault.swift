/// One request that came to a ``TinkerServer``.
package struct TinkerServerCall: Hashable, Sendable {
    /// The path behind `api/v1/`, up to its second part: `optim_step`, `training_runs/…`.
    package var endpoint: String
    /// The how-many-th request of this endpoint it is, from 1; repetitions keep their number.
    package var number: Int
    /// The how-many-th time this request comes, from 1.
    package var attempt: Int
}

/// What goes wrong with a request.
package enum TinkerServerFault: Hashable, Sendable {
    /// The connection ends without an answer; nothing was done.
    case refused
    /// Nothing was done.
    case status(Int, retryAfter: String? = nil)
    /// A status without a body; nothing was done.
    case empty(Int)
    /// Everything was done; the connection ends without an answer.
    case lostAnswer
    /// Everything was done; the connection ends behind the head of the answer.
    case cutAnswer
    /// Everything was done; the answer is no JSON and no message.
    case garbage
}

/// Why a request is not accepted, or why it failed afterwards.
struct TinkerServerRefusal: Error, Hashable {
    var status: Int
    var detail: String
    /// Whose fault it is: `user`, `server` or `unknown`.
    var category = "user"

    static func invalid(_ detail: String) -> TinkerServerRefusal {
        TinkerServerRefusal(status: 422, detail: detail)
    }

    static func missing(_ what: String) -> TinkerServerRefusal {
        TinkerServerRefusal(status: 404, detail: "\(what) not found")
    }

    static func failed(_ detail: String) -> TinkerServerRefusal {
        TinkerServerRefusal(status: 400, detail: detail)
    }
}
