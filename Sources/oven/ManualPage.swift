import ArgumentParser
import Baking

/// The manual page, made from the same tree of commands as the help.
enum ManualPage {
    static var text: String {
        let root = OvenCommand.self
        var lines = [
            ".TH OVEN 1 \"\" \"oven \(EngineVersion.current)\"", ".SH NAME",
            "oven \\- \(root.configuration.abstract)", ".SH SYNOPSIS", ".B oven",
            ".I command", "[options]", ".SH DESCRIPTION",
        ]
        lines += preformatted(root.helpMessage(columns: 78))
        for command in root.configuration.subcommands {
            lines.append(".SH \(command._commandName.uppercased())")
            lines += preformatted(root.helpMessage(for: command, columns: 78))
        }
        lines += [
            ".SH EXIT STATUS", "0 done, 1 failed, 2 wrong usage, 3 finished but below what",
            ".B --require-gap-closed", "asked for, 128+n ended by signal n.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Text that the formatter leaves as it is.
    private static func preformatted(_ text: String) -> [String] {
        [".nf"]
            + text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                let escaped = String(line).replacing("\\", with: "\\e").replacing("-", with: "\\-")
                // A line that begins with a dot or an apostrophe would be a request.
                return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
            } + [".fi"]
    }
}
