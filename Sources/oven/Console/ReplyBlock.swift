import Baking
import Terminal

/// A message and the arms' replies one under another, wrapped to the terminal.
struct ReplyBlock {
    let console: Console

    func lines(query: String, replies: [(arm: Arm, reply: String, stop: StopReason)]) -> [String] {
        let labelWidth = (replies.map(\.arm.rawValue.count) + ["query".count]).max() ?? 0
        return block("query", query, role: .chatUser, labelWidth: labelWidth)
            + replies.flatMap { arm, reply, stop in
                let end = stop == .length ? (console.isASCII ? " ..." : " …") : ""
                return block(
                    arm.rawValue, reply + end, role: Self.role(of: arm), labelWidth: labelWidth)
            }
    }

    private func block(
        _ label: String, _ text: String, role: Role, labelWidth: Int
    ) -> [String] {
        let indent = 2 + labelWidth + 2
        let safe = text.terminalSafe(isASCII: console.isASCII)
        let lines = safe.wrapped(to: max(10, console.width - indent))
        return lines.enumerated().map { index, line in
            let head =
                index == 0
                ? label.padded(to: labelWidth) : String(repeating: " ", count: labelWidth)
            return "  " + console.painter.paint(head, role) + "  " + line
        }
    }

    static func role(of arm: Arm) -> Role {
        switch arm {
        case .base: .chatBase
        case .prompted: .chatPrompted
        case .baked, .bakedPrompt: .chatBaked
        }
    }
}
