import ArgumentParser
import Baking
import Foundation
import Terminal
import Transformer

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks what this machine and each configured service can do.",
        discussion: """
            Exits with code 1 if something that is configured is broken.

            Example: oven doctor --model ./Qwen3-0.6B
            """)

    @OptionGroup(title: "Model") var model: ModelSettings
    @OptionGroup(title: "Dataset") var data: DatasetSettings
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() async throws {
        let settings = try Settings(model, data, output.place)
        let console = Console.standard(settings)
        var isBroken = false
        func show(_ finding: Finding) throws {
            isBroken = isBroken || finding.state == .broken
            if output.json { return try console.json(finding) }
            let role: Role =
                switch finding.state {
                case .ok: .success
                case .missing: .warning
                case .broken: .error
                }
            try console.line(
                console.painter.paint(finding.state.rawValue.padded(to: 8), role)
                    + finding.check.padded(to: 18) + console.safe(finding.detail))
        }
        let examination = Examination(
            settings: settings, services: try output.place.services(console))
        for finding in examination.findings { try show(finding) }
        try show(await examination.modelFinding())
        for finding in await examination.serviceFindings() { try show(finding) }
        if isBroken { throw ProgramExit(code: 1) }
    }
}
