import Foundation
import Testing

@testable import Baking

@Suite struct SettingTests {
    @Test func `every setting has one row, in the order of the names`() {
        #expect(Setting.table.map(\.name) == SettingName.allCases)
    }

    @Test func `every default is a value that its setting allows`() throws {
        for setting in Setting.table where setting.kind != .services {
            let value = try setting.value(from: setting.standardText, place: "here")
            #expect(value == setting.standard, "\(setting.name)")
        }
    }

    @Test func `the table's defaults are those of a bake configuration`() throws {
        let place = try TemporaryPlace()
        try place.write("", to: "model/config.json")
        let settings = try Settings(
            flags: [.model: place.root.appending(path: "model").path], in: place.surroundings)
        var expected = BakeConfiguration()
        expected.model = settings.text(.model)
        #expect(settings.bakeConfiguration == expected)
    }

    @Test(arguments: [
        (SettingName.rank, "0"), (.rank, "1025"), (.rank, "3.5"), (.rank, "ten"), (.rank, ""),
        (.rank, "99999999999999999999"), (.learningRate, "0"), (.learningRate, "-1e-4"),
        (.learningRate, "2"), (.learningRate, "nan"), (.learningRate, "0x1p-3"),
        (.learningRate, "inf"), (.alpha, "0"), (.temperatures, ""), (.temperatures, "0.5,3"),
        (.temperatures, "0.5,,0.7"), (.temperatures, "0.5,0.50"), (.loss, "tails"),
        (.targets, "q_proj,q_proj"), (.targets, "q"), (.precise, "maybe"), (.seed, "-1"),
        (.model, ""), (.services, "openrouter"), (.threads, "0"), (.gradientClip, "-1"),
    ])
    func `a value out of range is refused with what is allowed`(
        name: SettingName, text: String
    ) throws {
        let setting = Setting.named(name)
        let error = try #require(throws: SettingsError.self) {
            try setting.value(from: text, place: "--\(name.rawValue)")
        }
        #expect("\(error)".contains(setting.kind.expectation))
        #expect("\(error)".contains("(--\(name.rawValue))"))
    }

    @Test(arguments: [
        (SettingName.rank, "1", SettingValue.integer(1)), (.learningRate, "3e-3", .number(0.003)),
        (.alpha, "rank", .absent), (.alpha, "64", .number(64)), (.threads, "all cores", .absent),
        (.temperatures, "0, 1", .numbers([0, 1])),
        (.targets, "v_proj,q_proj", .words(["v_proj", "q_proj"])),
        (.thinking, "on", .flag(true)), (.logTo, "wandb", .words(["wandb"])),
        (.logTo, "none", .absent),
        (.studentContext, "none", .text("none")), (.queries, "mine.yaml", .text("mine.yaml")),
    ])
    func `a flag's text becomes a value`(
        name: SettingName, text: String, value: SettingValue
    ) throws {
        #expect(try Setting.named(name).value(from: text, place: "") == value)
    }

    @Test(arguments: [
        (1e-4, "0.0001"), (2e-5, "2e-5"), (1e22, "1e+22"), (0.5, "0.5"), (16, "16"),
        (3e-3, "0.003"), (1_000_000, "1000000"),
    ])
    func `a number is written short and reads back the same`(number: Double, text: String) {
        #expect(SettingValue.number(number).text == text)
        #expect(Double(text) == number)
    }

    @Test(arguments: [
        ("lerning-rate", "learning-rate"), ("rnak", "rank"), ("learningRate", "learning-rate"),
        ("temperature", "temperatures"), ("colour", "color"), ("batch", "batch-size"),
    ])
    func `the nearest name is the one that was meant`(typed: String, meant: String) {
        let names = SettingName.allCases.map(\.rawValue)
        #expect(Spelling.nearest(to: typed, in: names) == meant)
    }
}
