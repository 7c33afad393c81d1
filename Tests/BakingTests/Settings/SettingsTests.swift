import Foundation
import Testing

@testable import Baking

@Suite struct SettingsTests {
    @Test func `flag, directory, user, model and default follow in this order`() throws {
        let place = try TemporaryPlace()
        try place.write(
            "rank: 1\nepochs: 1\nbatch-size: 1\nlearning-rate: 3e-3\n", to: "work/model/oven.yaml")
        try place.write(
            "# mine\nmodel: model\nrank: 2\nepochs: 2\nbatch-size: 2\n",
            to: "home/.config/oven/config.yaml")
        try place.write("rank: 3\n\nepochs: 3\n", to: "work/oven.yaml")
        let settings = try Settings(flags: [.rank: "4"], in: place.surroundings)
        let user = place.surroundings.userFile.path
        #expect(settings[.rank] == .init(value: .integer(4), source: .flag))
        #expect(
            settings[.epochs] == .init(value: .integer(3), source: .file("oven.yaml", line: 3)))
        #expect(
            settings[.batchSize] == .init(value: .integer(2), source: .file(user, line: 5)))
        #expect(settings[.learningRate].value == .number(0.003))
        #expect(settings[.learningRate].source.text.hasSuffix("work/model/oven.yaml:1") == false)
        #expect(settings[.learningRate].source.text.hasSuffix("work/model/oven.yaml:4"))
        #expect(settings[.topK] == .init(value: .integer(20), source: .standard))
        #expect(settings.bakeConfiguration.rank == 4)
    }

    @Test func `XDG_CONFIG_HOME moves the user's file`() throws {
        let place = try TemporaryPlace()
        try place.write("rank: 5", to: "elsewhere/oven/config.yaml")
        var surroundings = place.surroundings
        surroundings.environment["XDG_CONFIG_HOME"] = place.root.appending(path: "elsewhere").path
        #expect(try Settings(flags: [:], in: surroundings).integer(.rank) == 5)
    }

    @Test(arguments: [
        (
            "rank: 3\nlerning-rate: 1\n",
            "unknown setting lerning-rate, the nearest is learning-rate (oven.yaml:2)"
        ),
        ("\nrank: big\n", "rank must be a whole number from 1 to 1024, not \"big\" (oven.yaml:2)"),
        ("rank:\n", "rank has no value, it must be a whole number from 1 to 1024 (oven.yaml:1)"),
        (
            "rank: {a: 1}\n",
            "rank must be a whole number from 1 to 1024, not \"a map or list\" (oven.yaml:1)"
        ),
        ("rank: 1\nrank: 2\n", "not a settings file: rank stands there twice (oven.yaml:1)"),
        (
            "- rank\n",
            "not a settings file: expected lines like \"learning-rate: 1e-4\" (oven.yaml:1)"
        ),
        ("rank: [1\n", "(oven.yaml:2)"),
        (
            "temperatures: [0.5, 9]\n",
            "temperatures must be a list of different numbers from 0 to 2, not \"0.5,9\" (oven.yaml:1)"
        ),
        ("? [a]\n: 1\n", "unknown setting that is not a text"),
    ])
    func `a mistake in a file is named with file and line`(text: String, message: String) throws {
        let place = try TemporaryPlace()
        try place.write(text, to: "work/oven.yaml")
        let error = try #require(throws: SettingsError.self) {
            try Settings(flags: [:], in: place.surroundings)
        }
        #expect("\(error)".contains(message), "\(error)")
    }

    @Test func `lists, words, flags and nothing are read from a file`() throws {
        let place = try TemporaryPlace()
        try place.write(
            "temperatures: [0, 1.5]\ntargets: q_proj,v_proj\nthinking: yes\nalpha: ~\ncolor: true\n",
            to: "work/oven.yaml")
        let settings = try Settings(flags: [:], in: place.surroundings)
        #expect(settings.numbers(.temperatures) == [0, 1.5])
        #expect(settings.words(.targets) == ["q_proj", "v_proj"])
        #expect(settings.flag(.thinking))
        #expect(settings.bakeConfiguration.alpha == nil)
        #expect(settings.text(.color) == "true")
    }

    @Test func `an empty file changes nothing`() throws {
        let place = try TemporaryPlace()
        try place.write("# nothing\n", to: "work/oven.yaml")
        #expect(try Settings(flags: [:], in: place.surroundings).integer(.rank) == 32)
    }

    @Test func `a model's own file cannot choose services, paths or another model`() throws {
        for line in ["services: {}", "runs: /", "model: other", "generator: openrouter"] {
            let place = try TemporaryPlace()
            try place.write(line, to: "work/model/oven.yaml")
            let error = try #require(throws: SettingsError.self) {
                try Settings(flags: [.model: "model"], in: place.surroundings)
            }
            #expect("\(error)".hasPrefix("a model's own settings cannot contain"))
        }
    }

    @Test func `a file that is no text, or huge, is refused`() throws {
        let place = try TemporaryPlace()
        let url = try place.write("", to: "work/oven.yaml")
        try Data([0x72, 0xFF, 0xFE]).write(to: url)
        #expect(throws: SettingsError.unreadable(file: "oven.yaml", why: "not UTF-8")) {
            try Settings(flags: [:], in: place.surroundings)
        }
        try Data(repeating: 0x20, count: SettingsFile.largestByteCount + 1).write(to: url)
        #expect(throws: SettingsError.self) { try Settings(flags: [:], in: place.surroundings) }
        try FileManager.default.removeItem(at: url)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        #expect(throws: SettingsError.self) { try Settings(flags: [:], in: place.surroundings) }
    }

    @Test(arguments: Hostile.allCases)
    func `a hostile file is refused and crashes nothing`(file: Hostile) throws {
        let place = try TemporaryPlace()
        try place.write(file.text, to: "work/oven.yaml")
        #expect(throws: SettingsError.self) { try Settings(flags: [:], in: place.surroundings) }
    }

    enum Hostile: String, CaseIterable {
        case deepLists, deepMaps, deepItems, bomb, itself, zero, control, version, documents

        var text: String {
            switch self {
            case .deepLists: String(repeating: "[", count: 100_000)
            case .deepMaps: String(repeating: "{a: ", count: 100_000)
            case .deepItems: String(repeating: "- ", count: 100_000)
            case .bomb:
                "a: &a [1]\n"
                    + "bcdefgh".map { letter in
                        let before = Character(UnicodeScalar(letter.asciiValue.map { $0 - 1 } ?? 0))
                        return
                            "\(letter): &\(letter) [\(Array(repeating: "*\(before)", count: 30).joined(separator: ","))]\n"
                    }.joined()
            case .itself: "rank: &a [*a]"
            case .zero: "\u{0}"
            case .control: "rank: 3\u{7}"
            case .version: "%YAML 9.9\n---\nrank: 1"
            case .documents: "--- 1\n--- 2\n"
            }
        }
    }

    @Test func `services complete one another field by field`() throws {
        let place = try TemporaryPlace()
        try place.write(
            "services:\n  openrouter: {model: a/b, spend-limit: 2}\n  mine:\n    kind: openai\n"
                + "    base-url: http://localhost:8080/v1\n", to: "home/.config/oven/config.yaml")
        try place.write("services:\n  mine: {model: m, wire: json}\n", to: "work/oven.yaml")
        let services = try Settings(flags: [:], in: place.surroundings).services
        #expect(services["openrouter"]?.model == "a/b")
        #expect(services["openrouter"]?.spendLimit == 2)
        #expect(services["openrouter"]?.keyVariable == "OPENROUTER_API_KEY")
        #expect(
            services["mine"]
                == ServiceConfiguration(
                    kind: .openai, baseURL: "http://localhost:8080/v1", model: "m", wire: .json))
        #expect(services["tinker"] == ServiceConfiguration.predefined["tinker"])
    }

    @Test(arguments: [
        "mine: {kind: openai}", "mine: {kind: other, base-url: http://h}", "mine: 3", "model: {}",
        "a b: {}", "openrouter: {base-url: 'ftp://h'}", "openrouter: {spend-limit: -1}",
        "openrouter: {base-url: 'https://u:sk-secret@h'}", "openrouter: {key-env: sk-secret}",
        "openrouter: {api-key: sk-secret}", "openrouter: {base-url: 'https://h/?key=sk-secret'}",
        "openrouter: {wire: sk-secret}",
    ])
    func `a wrong service is refused and a key is never repeated`(line: String) throws {
        let place = try TemporaryPlace()
        try place.write("services:\n  \(line)\n", to: "work/oven.yaml")
        let error = try #require(throws: SettingsError.self) {
            try Settings(flags: [:], in: place.surroundings)
        }
        #expect("\(error)".contains("(oven.yaml:2)"), "\(error)")
        #expect(!"\(error)".contains("sk-secret"))
    }
}
