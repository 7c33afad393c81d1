import Foundation
import Testing
import Transformer

@Suite struct VectorMathTests {
    @Test func `exp is off by hardly more than one ulp`() {
        var worst = 0.0
        for step in stride(from: -8_733_600, through: 8_872_200, by: 7) {
            let x = Float(step) / 100_000
            let exact = Foundation.exp(Double(x))
            worst = max(worst, abs(Double(VectorMath.exp(x)) - exact) / Double(Float(exact).ulp))
        }
        #expect(worst <= 1.02)
    }

    @Test func `exp ends in zero and infinity and keeps what is no number`() {
        #expect(VectorMath.exp(0) == 1)
        #expect(VectorMath.exp(-0.0) == 1)
        #expect(VectorMath.exp(-87.34) == 0)
        #expect(VectorMath.exp(-.infinity) == 0)
        #expect(VectorMath.exp(88.73) == .infinity)
        #expect(VectorMath.exp(.infinity) == .infinity)
        #expect(VectorMath.exp(.nan).isNaN)
    }
}
