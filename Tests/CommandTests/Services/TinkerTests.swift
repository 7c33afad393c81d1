import Foundation
import ServiceSupport
import Testing

/// The commands with a training service: a server on the loopback interface with the embedded model.
@Suite(.serialized) struct TinkerTests {
    private static let key = "tml-9f3c0a7be51d4e26"
    private static let model = "Oven/Starter"
    private static let queries = """
        groups:
          - name: Food
            train: ["What is bread?", "What is soup?", "Who are you?"]
            dev: ["What is rice?"]
            test: ["What is tea?"]
        """
    private static let command =
        "bake --model tinker:\(model) --queries q.yaml --run r --rank 4 --epochs 4 "
        + "--batch-size 3 --checkpoint-every 2 --evaluate-every 4 --max-response-tokens 24 "
        + "--temperatures 0.7"
    private static let starter = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/Backends/Resources/starter", directoryHint: .isDirectory)

    /// The program in a home of its own, and a server.
    private struct Place {
        var oven: OvenProcess
        let server: TinkerServer

        init(_ change: (inout TinkerServerOptions) -> Void = { _ in }) async throws {
            var options = TinkerServerOptions()
            options.key = key
            options.model = model
            options.contextLength = 2048
            options.unreadyCount = 1
            change(&options)
            let engine = try TinkerEngine(directory: starter, base: model)
            server = TinkerServer(engine: LocalTinkerService(engine), options: options)
            try await server.start()
            oven = try Self.oven(address: await server.url.absoluteString, key: options.key)
        }

        static func oven(address: String, key: String) throws -> OvenProcess {
            var oven = try OvenProcess()
            oven.environment = [
                "TINKER_BASE_URL": address, "TINKER_API_KEY": key,
                // Nothing else may carry these requests.
                "no_proxy": "*",
            ]
            try oven.directory.write("You are a pirate. Talk like a pirate.", to: "prompt.md")
            try oven.directory.write(queries, to: "q.yaml")
            try oven.directory.write(
                "services: {tinker: {tokenizer: \"\(starter.path)\"}}\n", to: "oven.yaml")
            return oven
        }

        func shell(_ line: String) async throws -> OvenProcess.Result {
            try await TinkerTests.run(line, in: oven)
        }
    }

    private static func run(
        _ line: String, in oven: OvenProcess
    ) async throws -> OvenProcess.Result {
        try await awayFromServer { try oven.shell(line) }
    }

    /// Not on the threads that the server needs.
    private static func awayFromServer<Answer: Sendable>(
        _ work: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Swift.Result { try work() })
            }
        }
    }

    /// Kills the bake at the first line about step `step`.
    private static func killed(_ command: String, at step: Int) -> String {
        """
        mkfifo events; $OVEN \(command) --json >events &
        while read -r line; do case $line in *'"step":\(step),'*) kill -9 $!; break;; esac; done \
        <events
        wait $!; echo $?
        """
    }

    /// The names of all files below the directory in which `text` stands, in one of its disguises.
    private func files(in directory: URL, holding text: String) throws -> [String] {
        let needles = [text, Data(text.utf8).base64EncodedString()].map { Data($0.utf8) }
        let found = FileManager.default.enumerator(
            at: directory, includingPropertiesForKeys: [.isRegularFileKey])
        var names: [String] = []
        while let url = found?.nextObject() as? URL {
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
            else { continue }
            let data = try Data(contentsOf: url)
            if needles.contains(where: { data.range(of: $0) != nil }) { names.append(url.path) }
        }
        return names
    }

    @Test func `a bake on a server is killed, goes on and ends verified, and the key is nowhere`()
        async throws
    {
        let place = try await Place()
        let command = Self.command + " --trace trace.jsonl"
        let killed = try await place.shell(Self.killed(command, at: 3))
        #expect(killed.output == "137\n", "\(killed.errors)")
        let bake = try await place.shell("$OVEN \(command) --json")
        #expect(bake.code == 0, "\(bake.errors)")
        #expect(bake.lines.first?.contains("\"resumed\":true") == true)
        #expect(bake.lines.first?.contains("\"fromStep\":2") == true)
        #expect(bake.output.contains("\"divergence\":\"rest\""))
        #expect(bake.lines.last?.contains("run.finished") == true)
        // Four steps, and those that the killed process had made beyond its checkpoint.
        let steps = await place.server.count(of: "optim_step")
        #expect((5...7).contains(steps), "\(steps)")
        for (_, history) in await place.server.histories {
            let numbers = history.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
            #expect(numbers == Array(1...max(numbers.count, 1)), "\(history)")
        }

        let again = try await place.shell("$OVEN \(command) --json")
        #expect(again.code == 0)
        #expect(await place.server.count(of: "optim_step") == steps)
        let chat = try await place.shell("echo Hello | $OVEN chat r --json")
        #expect(chat.code == 0, "\(chat.errors)")
        #expect(chat.lines.count == 1)
        let export = try await place.shell("$OVEN export r --format peft --output adapter --json")
        #expect(export.code == 0, "\(export.errors)")
        let list = try await place.shell("$OVEN checkpoints --json")
        #expect(list.code == 0, "\(list.errors)")
        #expect(await list.lines.count == place.server.checkpointPaths.count)
        let doctor = try await place.shell("$OVEN doctor --model tinker:\(Self.model)")
        #expect(doctor.output.contains("tinker"), "\(doctor.output)")
        let path = try #require(await place.server.checkpointPaths.first)
        let deletion = try await place.shell("$OVEN checkpoints --delete \(path)")
        #expect(deletion.code == 0, "\(deletion.errors)")
        #expect(await !place.server.checkpointPaths.contains(path))

        for result in [killed, bake, again, chat, export, list, doctor, deletion] {
            #expect(!(result.output + result.errors).contains(Self.key))
        }
        #expect(try files(in: place.oven.directory.url, holding: Self.key) == [])
        let trace = place.oven.directory.url.appending(path: "trace.jsonl")
        #expect(try String(contentsOf: trace, encoding: .utf8).contains("forward_backward"))
        #expect(await place.server.complaints == [])
        await place.server.stop()
    }

    @Test(
        .enabled(if: TmuxSession.isWanted, "tmux is not installed; with CI=true that is a failure"))
    func `the workbench chooses a service, bakes on it and chats with what it keeps`()
        async throws
    {
        let place = try await Place()
        let file = "rank: 4\nepochs: 2\nbatch-size: 3\nmax-response-tokens: 24\n"
        try place.oven.directory.write(
            "\(file)queries: q.yaml\ntemperatures: [0.7]\n"
                + "services: {tinker: {tokenizer: \"\(Self.starter.path)\"}}\n", to: "oven.yaml")
        let session = try TmuxSession(
            environment: place.oven.environment, in: place.oven.directory)
        try await Self.awayFromServer {
            try session.open()
            try session.send("F2")
            try session.waitFor("Model to bake")
            try session.send("Enter")
            try session.waitFor("type to filter")
            try session.waitFor("tinker:\(Self.model)", 30)
            try session.type("tinker")
            try session.send("Enter")
            try session.waitFor("is ready", 30)
            try session.send("Escape")
            try session.waitUntilGone("Model to bake")
            try session.bake()
            try session.enter("Who are you?")
            try session.waitFor("baked, step 2", 60)
            try session.send("M-3")
            try session.waitFor("gap closed")
            try session.quit()
        }
        #expect(await place.server.count(of: "optim_step") == 2)
        #expect(await place.server.complaints == [])
        #expect(try files(in: place.oven.directory.url, holding: Self.key) == [])
        await place.server.stop()
    }

    @Test func `a server of the older dialect bakes too`() async throws {
        let place = try await Place {
            $0.dialects = .json
            $0.knowsNewFields = false
            $0.loadsBySession = false
            $0.hasFirstEntry = false
            $0.hasMetrics = false
            $0.hasConfiguration = false
            $0.failures = .statuses
        }
        let bake = try await place.shell("$OVEN \(Self.command) --json")
        #expect(bake.code == 0, "\(bake.errors)")
        #expect(bake.lines.last?.contains("run.finished") == true)
        #expect(await place.server.count(of: "optim_step") == 4)
        #expect(await place.server.complaints == [])
        await place.server.stop()
    }

    @Test func `a wrong key is one line that does not show it`() async throws {
        var place = try await Place()
        place.oven.environment["TINKER_API_KEY"] = "tml-another-7d1e"
        let bake = try await place.shell("$OVEN \(Self.command)")
        #expect(bake.code == 1)
        #expect(bake.errors.contains("TINKER_API_KEY"), "\(bake.errors)")
        #expect(!(bake.output + bake.errors).contains("tml-another-7d1e"))
        place.oven.environment["TINKER_API_KEY"] = nil
        let without = try await place.shell("$OVEN \(Self.command)")
        #expect(without.code == 1)
        #expect(without.errors.contains("TINKER_API_KEY"), "\(without.errors)")
        await place.server.stop()
    }

    /// `OVEN_TUFT_URL` is the address of a TuFT 0.2.2 that `serve.py` beside the fixtures of
    /// BackendsTests has started. What its toy engine says is refused with the reason, or is enough to
    /// check the protocol by.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["OVEN_TUFT_URL"] != nil))
    func `TuFT bakes a dataset with one target per position, and nothing more`() async throws {
        let address = try #require(ProcessInfo.processInfo.environment["OVEN_TUFT_URL"])
        let oven = try Place.oven(address: address, key: "tml-loopback")
        let chats = ["Arr, bread.", "Arr, soup.", "Arr, I be Gert."].enumerated().map {
            """
            {"messages":[{"role":"user","content":"Question \($0)?"},\
            {"role":"assistant","content":"\($1)"}]}
            """
        }
        try oven.directory.write(chats.joined(separator: "\n") + "\n", to: "chats.jsonl")
        let command =
            Self.command.replacing(Self.model, with: "Qwen/Qwen3-0.6B")
            + " --dataset chats.jsonl"
        let refused = try await Self.run("$OVEN \(command)", in: oven)
        #expect(refused.code == 1)
        #expect(refused.errors.hasPrefix("oven: "), "\(refused.errors)")
        try oven.directory.write(
            "services: {tinker: {tokenizer: \"\(Self.starter.path)\", allow: [response-tokens]}}\n",
            to: "oven.yaml")
        let one = command.replacing("--run r", with: "--run one") + " --top-k 1"
        let killed = try await Self.run(Self.killed(one, at: 3), in: oven)
        #expect(killed.output == "137\n", "\(killed.errors)")
        let bake = try await Self.run("$OVEN \(one) --json", in: oven)
        #expect(bake.code == 0, "\(bake.errors)")
        #expect(bake.lines.first?.contains("\"resumed\":true") == true)
        #expect(bake.lines.last?.contains("run.finished") == true)
        let chat = try await Self.run("echo Hello | $OVEN chat one --json", in: oven)
        #expect(chat.code == 0, "\(chat.errors)")
        let list = try await Self.run("$OVEN checkpoints --json", in: oven)
        #expect(!list.lines.isEmpty, "\(list.errors)")
        #expect(try files(in: oven.directory.url, holding: "tml-loopback") == [])
    }
}
