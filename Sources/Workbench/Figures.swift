internal import Baking
internal import Foundation

/// Numbers as the workbench writes them.
enum Figures {
    /// "95.3 %", "?" for what is no number.
    static func percent(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "?" }
        return String(format: "%.1f %%", value * 100)
    }

    /// Four digits behind the point, fewer where there are more before it.
    static func kl(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "?" }
        return String(format: abs(value) >= 10 ? "%.2f" : abs(value) >= 1 ? "%.3f" : "%.4f", value)
    }

    /// Three significant digits.
    static func significant(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "?" }
        return String(format: abs(value) >= 100 ? "%.0f" : "%.3g", value)
    }

    /// With so many digits behind the point; "?" for what is no number.
    static func decimal(_ value: Double?, digits: Int = 4) -> String {
        guard let value, value.isFinite else { return "?" }
        return String(format: "%.\(digits)f", value)
    }

    /// One digit behind the point.
    static func tenths(_ value: Double) -> String {
        value.isFinite ? String(format: "%.1f", value) : "?"
    }

    /// A notice with its place and remedy.
    static func text(of notice: Notice) -> String {
        notice.message + (notice.where.map { " (\($0))" } ?? "")
            + (notice.remedy.map { "; \($0)" } ?? "")
    }
}
