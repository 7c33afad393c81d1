import Testing

@testable import Backends

@Suite struct TimeShareTests {
    @Test(arguments: [1, 3, 40])
    func `replies take at most as much as the longer work had`(milliseconds: Int) {
        var share = TimeShare()
        var now = ContinuousClock.now
        var worked = Duration.zero
        var replied = Duration.zero
        let layer = Duration.milliseconds(7)
        let token = Duration.milliseconds(milliseconds)
        share.begin(at: now)
        for _ in 0..<1000 {
            now += layer
            worked += layer
            share.worked(until: now)
            while share.isOwed {
                now += token
                replied += token
                share.replied(until: now)
            }
        }
        // A token is never cut short.
        #expect(replied <= worked + token)
        #expect(replied + token > worked)
    }

    @Test func `a reply on the free engine owes its last token alone`() {
        var share = TimeShare()
        var now = ContinuousClock.now
        for _ in 0..<1000 {
            share.begin(at: now)
            now += .seconds(1)
            share.replied(until: now)
        }
        #expect(!share.isOwed)
        now += .seconds(1)
        share.worked(until: now)
        #expect(!share.isOwed)
        now += .milliseconds(1)
        share.worked(until: now)
        #expect(share.isOwed)
    }

    @Test func `nothing is owed for the time before somebody waits`() {
        var share = TimeShare()
        let now = ContinuousClock.now
        share.begin(at: now)
        share.worked(until: now + .seconds(9))
        share.begin(at: now + .seconds(9))
        #expect(!share.isOwed)
    }
}
