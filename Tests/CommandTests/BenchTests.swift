import Foundation
import Testing

@Suite struct BenchTests {
    private struct Row: Decodable {
        struct Limit: Decodable {
            var kind: String
        }

        var figure: String
        var shape: String
        var value: Double
        var unit: String
        var better: String
        var runs: Int
        var spread: Double
        var limit: Limit
        var peakBytes: Int
    }

    @Test func `a figure is one line of JSON`() throws {
        let result = try OvenProcess().run("bench", "peak.fp32", "--json", "--repeats", "1")
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.lines.count == 1)
        let row = try JSONDecoder().decode(Row.self, from: Data(result.output.utf8))
        #expect(row.figure == "peak.fp32")
        #expect(row.shape == "starter")
        #expect(row.unit == "GFLOP/s")
        #expect(row.better == "higher")
        #expect(row.limit.kind == "none")
        #expect(row.value > 0 && row.spread == 0 && row.runs == 1 && row.peakBytes > 0)
    }
}
