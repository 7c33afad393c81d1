import Baking
import Foundation
import Testing

@Suite struct ConfigTests {
    private struct Line: Decodable {
        var setting: String
        var source: String
    }

    private func sources(_ output: String) throws -> [String: String] {
        let lines = try output.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0.setting, $0.source) })
    }

    @Test func `precise arithmetic on int8 weights is refused in one line`() throws {
        let result = try OvenProcess().shell("\"$OVEN\" config --precise --int8")
        #expect(result.code == 2)
        #expect(result.errors.contains("int8"), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test func `every setting can be given as a flag of its name`() throws {
        let settings = Setting.table.filter { ![.services, .keys, .mouse].contains($0.name) }
        let flags = settings.map { setting in
            // Precise and int8 exclude one another.
            setting.kind == .flag
                ? "--\(setting.name == .int8 ? "no-" : "")\(setting.name.rawValue)"
                : "--\(setting.name.rawValue) '\(setting.standardText)'"
        }
        let result = try OvenProcess().shell(
            "\"$OVEN\" config --json \(flags.joined(separator: " "))")
        #expect(result.code == 0, "\(result.errors)")
        let found = try sources(result.output)
        #expect(found.count == Setting.table.count)
        for setting in settings { #expect(found[setting.name.rawValue] == "flag") }
    }

    @Test func `values carry the place they came from`() throws {
        let oven = try OvenProcess()
        try oven.directory.write("\nepochs: 2\n", to: "oven.yaml")
        let found = try sources(try oven.run("config", "--json", "--no-precise").output)
        #expect(found["epochs"] == "oven.yaml:2")
        #expect(found["precise"] == "flag")
        #expect(found["rank"] == "default")
        #expect(found["learning-rate"]?.hasSuffix("starter/oven.yaml:3") == true)
    }

    @Test func `the defaults are a settings file`() throws {
        let oven = try OvenProcess()
        let defaults = try oven.run("config", "--defaults").output
        try oven.directory.write(defaults, to: "oven.yaml")
        let result = try oven.run("config", "--json")
        #expect(result.code == 0, "\(result.errors)")
    }

    @Test func `paths name files that are there and files that are not`() throws {
        let result = try OvenProcess().run("config", "--paths", "--json")
        #expect(result.output.contains("\"exists\":true"))
        #expect(result.output.contains("\"exists\":false"))
    }

    @Test func `words on a pipe have no colours and no carriage returns`() throws {
        var oven = try OvenProcess()
        oven.environment["TERM"] = "xterm-256color"
        for arguments in [["config"], ["config", "--paths"], ["runs"]] {
            let result = try oven.shell("\"$OVEN\" \(arguments.joined(separator: " "))")
            #expect(!result.output.contains { $0 == "\u{1B}" || $0 == "\r" })
        }
    }
}
