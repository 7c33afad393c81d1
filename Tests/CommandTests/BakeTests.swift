import Foundation
import Testing

/// The real thing on the embedded model, with few queries.
@Suite(.serialized) struct BakeTests {
    private static let queries = """
        groups:
          - name: Food
            train: ["What is bread?", "What is soup?", "Who are you?"]
            dev: ["What is rice?"]
            test: ["What is tea?"]
        """
    private static let command =
        "bake --queries q.yaml --run r --rank 4 --epochs 6 --batch-size 4 --checkpoint-every 2 "
        + "--evaluate-every 6 --max-response-tokens 40"

    private func prepared() throws -> OvenProcess {
        let oven = try OvenProcess()
        try oven.directory.write("You are a pirate. Talk like a pirate.", to: "prompt.md")
        try oven.directory.write(Self.queries, to: "q.yaml")
        return oven
    }

    private func adapter(_ oven: OvenProcess) throws -> Data {
        let checkpoints = oven.directory.url.appending(path: "runs/r/checkpoints")
        let last = try #require(
            try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).max())
        return try Data(
            contentsOf: checkpoints.appending(path: "\(last)/adapter_model.safetensors"))
    }

    private struct Event: Decodable {
        var event: String
        var step: Int?
        var steps: Int?
        var gapClosed: Double?
        var resumed: Bool?
    }

    private func events(_ output: some StringProtocol) throws -> [Event] {
        try output.split(separator: "\n").map {
            try JSONDecoder().decode(Event.self, from: Data($0.utf8))
        }
    }

    @Test func `a bake goes from prompt to verified run, and once more is free`() throws {
        let oven = try prepared()
        let bake = try oven.shell("$OVEN \(Self.command) --json")
        #expect(bake.code == 0, "\(bake.errors)")
        let events = try events(bake.output)
        #expect(events.first?.event == "run.started")
        #expect(events.last?.event == "run.finished")
        let steps = events.filter { $0.event == "bake.step" }
        #expect(steps.map(\.step) == Array(1...(steps.last?.steps ?? 0)))
        #expect(events.contains { $0.event == "verification" })

        let again = try oven.shell("$OVEN \(Self.command) --json")
        #expect(again.code == 0)
        #expect(!again.output.contains("bake.step"))
        let strict = try oven.shell("$OVEN \(Self.command) --require-gap-closed 1")
        #expect(strict.code == 3)
        #expect(strict.errors.hasPrefix("oven: the gap closed is "))

        let words = try oven.run("runs")
        #expect(words.lines.count == 2)
        let runs = try oven.run("runs", "--json")
        #expect(runs.output.contains("\"state\":\"finished\""))
        let compare = try oven.shell("$OVEN compare r --message 'What is tea?' --json")
        #expect(compare.lines.count == 3)
        let chat = try oven.shell("printf 'Hello\\nWho are you?\\n' | $OVEN chat r --json")
        #expect(chat.lines.count == 2)
        let verify = try oven.shell("$OVEN verify r --strength 0.5 --json")
        #expect(verify.code == 0, "\(verify.errors)")
        #expect(verify.output.contains("\"strength\":0.5"))

        for format in ["peft", "merged", "base"] {
            let export = try oven.shell(
                "$OVEN export r --format \(format) --output \(format) --json --dtype fp32")
            #expect(export.code == 0, "\(export.errors)")
            let line = try JSONDecoder().decode(Export.self, from: Data(export.output.utf8))
            #expect(line.largestDifference < 1e-3)
            #expect(!line.files.isEmpty)
        }
        #expect(try oven.run("runs", "--delete", "r").code == 0)
        #expect(try oven.run("runs", "--json").output.isEmpty)
    }

    private struct Export: Decodable {
        var files: [String]
        var largestDifference: Double
    }

    @Test func `killed in the middle, the same command ends in the same bytes`() throws {
        let whole = try prepared()
        #expect(try whole.shell("$OVEN \(Self.command) --threads 1").code == 0)
        let oven = try prepared()
        // The reader kills its writer at the first line of step 7, behind two checkpoints.
        let killed = try oven.shell(
            """
            mkfifo events; $OVEN \(Self.command) --json >events &
            while read -r line; do case $line in *'"step":7,'*) kill -9 $!; break;; esac; done <events
            wait $!; echo $?
            """)
        #expect(killed.output == "137\n")
        let resumed = try oven.shell("$OVEN \(Self.command) --json")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try events(resumed.output).first?.resumed == true)
        #expect(try adapter(oven) == adapter(whole))
    }

    @Test(arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
    func `a signal stops at a safe place and the exit code says which`(
        signal: String, code: Int
    ) throws {
        let oven = try prepared()
        // A shell starts its background children with the interrupt ignored; `oven` listens anyway.
        let result = try oven.shell(
            """
            mkfifo events; $OVEN \(Self.command) --json >events &
            { while read -r line; do
                case $line in *'"step":3,'*) kill -\(signal) $!;; esac
            done; } <events
            wait $!; echo $?
            """)
        #expect(result.output == "\(code)\n")
        #expect(result.errors == "oven: interrupted; the same command continues\n")
    }

    @Test func `a full disk is an error and loses nothing`() throws {
        let whole = try prepared()
        #expect(try whole.shell("$OVEN \(Self.command)").code == 0)
        let oven = try prepared()
        let full = try oven.shell("ulimit -f 100; $OVEN \(Self.command)")
        #expect(full.code == 1)
        #expect(full.errors.hasPrefix("oven: "))
        #expect(full.errors.contains("larger than allowed"), "\(full.errors)")
        #expect(try oven.shell("$OVEN \(Self.command)").code == 0)
        #expect(try adapter(oven) == adapter(whole))
    }

    @Test func `two processes on one run do not meet`() throws {
        let oven = try prepared()
        let result = try oven.shell(
            """
            mkfifo events; $OVEN \(Self.command) --json >events &
            { while read -r line; do
                case $line in *'"step":1,'*) $OVEN \(Self.command) >/dev/null; echo $?;; esac
            done; } <events
            wait $!
            """)
        #expect(result.output == "1\n")
        #expect(result.errors.contains("in use"))
    }

    @Test func `scores are about given ids`() throws {
        let oven = try OvenProcess()
        try oven.directory.write("[5, 6, 7]\n\n[8]\n", to: "ids")
        let result = try oven.run("score", "--ids", "ids", "--top-k", "3")
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.lines.count == 2)
        #expect(result.lines.first?.contains("\"ids\":[5,6,7]") == true)
        #expect(result.lines.last?.contains("\"logprobs\":[null]") == true)
        for (text, message) in [
            ("[99999999]", "no token"), ("{}", "JSON array"), ("", "nothing to score"),
            ("[-1]", "no token"), ("[]", "nothing to score"), ("[1e99]", "JSON array"),
        ] {
            try oven.directory.write(text, to: "ids")
            let refused = try oven.run("score", "--ids", "ids")
            #expect(refused.code == 1)
            #expect(refused.errors.contains(message), "\(refused.errors)")
        }
    }
}
