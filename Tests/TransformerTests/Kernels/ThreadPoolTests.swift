import Synchronization
import Testing
import Transformer

@Suite struct ThreadPoolTests {
    @Test(arguments: [1, 2, 3, 5])
    func `every index is taken exactly once, over thousands of tiny runs`(threads: Int) {
        let pool = ThreadPool(threads: threads)
        #expect(pool.threadCount == threads)
        let sum = Atomic(0)
        var expected = 0
        for run in 0..<5000 {
            let count = run % 17
            pool.forEach(count) { sum.add(1 << ($0 % 4), ordering: .relaxed) }
            expected += (0..<count).reduce(0) { $0 + 1 << ($1 % 4) }
        }
        #expect(sum.load(ordering: .relaxed) == expected)
    }

    @Test func `pools come and go`() {
        for threads in 1...100 {
            let pool = ThreadPool(threads: threads % 4 + 1)
            let sum = Atomic(0)
            pool.forEach(10) { sum.add($0, ordering: .relaxed) }
            #expect(sum.load(ordering: .relaxed) == 45)
        }
    }

    @Test func `callers on several threads wait for each other`() async {
        let pool = ThreadPool(threads: 2)
        let sums = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let sum = Atomic(0)
                    for _ in 0..<500 { pool.forEach(5) { sum.add($0, ordering: .relaxed) } }
                    return sum.load(ordering: .relaxed)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == Array(repeating: 5000, count: 8))
    }

    @Test func `a tier can be asked for by name and the best one stands in for the rest`() {
        #expect(KernelTier.requested(in: [:]) == .best)
        #expect(KernelTier.requested(in: ["OVEN_KERNELS": "portable"]).description == "portable")
        #expect(KernelTier.requested(in: ["OVEN_KERNELS": "abacus"]) == .best)
        #expect(KernelTier.best.isAvailable)
        #expect(ThreadPool(threads: 1, tier: .best).tier == .best)
    }

    @Test func `the machine's limits can be measured`() throws {
        let pool = ThreadPool(threads: 2)
        #expect(try #require(pool.measuredPeak(.float32, seconds: 0.01)) > 0)
        #expect(pool.measuredReadBandwidth(byteCount: 1 << 22) > 0)
    }
}
