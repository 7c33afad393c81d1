internal import Baking

extension LocalEngine {
    /// Runs before every layer of a long call: those who wait for replies get their share of the
    /// time, and the call's cancellation is passed on.
    ///
    /// The decoder can be used in the middle of a pass, and no number of the pass depends on it.
    func check() throws {
        serve()
        try Task.checkCancellation()
    }

    /// Continues `reply` while the engine is free; in the middle of a long call ``check()`` does.
    func finish(_ reply: Reply) async {
        while true {
            admit()
            guard let guest = guests.first(where: { $0.reply === reply }) else { return }
            share.begin()
            advance(guest)
            share.replied()
            await Task.yield()
        }
    }

    private func serve() {
        let nobodyWaited = guests.isEmpty
        admit()
        if guests.isEmpty { return }
        if nobodyWaited { share.begin() }
        share.worked()
        while share.isOwed, !Task.isCancelled, let guest = guests.first {
            guests.removeFirst()
            guests.append(guest)
            advance(guest)
            share.replied()
        }
    }

    private func admit() { guests += inbox.take().map(Guest.init) }

    /// Takes the next step of a reply, which tells the errors of its own to whoever waits for it.
    private func advance(_ guest: Guest) {
        let reply = guest.reply
        func check() throws {
            try reply.requireWanted()
            // Of the long call in whose middle this is.
            try Task.checkCancellation()
        }
        do {
            try reply.requireWanted()
            let sampling =
                try guest.sampling ?? sampling(of: reply.requests, check: check)
            guest.sampling = sampling
            try sampling.step(check: check) { reply.events.yield($0) }
            if sampling.isIdle { end(guest) }
        } catch is CancellationError where Task.isCancelled {
            // The long call must end now; the step is made again without it.
        } catch {
            end(guest, throwing: error)
        }
    }

    private func end(_ guest: Guest, throwing error: (any Error)? = nil) {
        guests.removeAll { $0 === guest }
        guest.reply.events.finish(throwing: error)
    }
}
