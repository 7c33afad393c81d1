internal import Foundation

/// How numbers are written beside a chart.
package enum ChartNumber {
    /// To so many digits, those before the point not counted off: "0.0843", "3.91", "1234",
    /// "1.23e-5".
    package static func text(_ value: Double, digits: Int = 3) -> String {
        guard value.isFinite else { return "not finite" }
        guard value != 0 else { return "0" }
        let exponent = exponent(value, digits: digits)
        if exponent < -4 || exponent >= 6 { return scientific(value, decimals: digits - 1) }
        return fixed(value, decimals: max(0, digits - 1 - exponent))
    }

    /// The same without zeros at the end: "0.05".
    static func short(_ value: Double) -> String {
        let text = text(value)
        guard text.contains("."), !text.contains("e") else { return text }
        let trimmed = text.dropLast(text.reversed().prefix { $0 == "0" }.count)
        return String(trimmed.last == "." ? trimmed.dropLast() : trimmed)
    }

    /// As a share of 100: "91 %"; nil where that says nothing.
    static func percent(_ share: Double) -> String? {
        abs(share) < 1e4 ? "\(Int((share * 100).rounded())) %" : nil
    }

    /// The power of ten that begins `value`, which is neither 0 nor infinite.
    ///
    /// - Parameter digits: To which it is rounded first: of 0.9999 to three digits it is 0.
    private static func exponent(_ value: Double, digits: Int = 7) -> Int {
        let text = String(format: "%.\(max(0, digits - 1))e", value)
        return text.split(separator: "e").last.flatMap { Int($0) } ?? 0
    }

    static func fixed(_ value: Double, decimals: Int) -> String {
        let text = String(format: "%.\(max(0, decimals))f", value)
        let isZero = text.allSatisfy { "-0.".contains($0) }
        return isZero && text.hasPrefix("-") ? String(text.dropFirst()) : text
    }

    /// "1.5e-7", with the exponent as short as it can be.
    static func scientific(_ value: Double, decimals: Int) -> String {
        guard value != 0 else { return "0" }
        let parts = String(format: "%.\(max(0, decimals))e", value).split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(value)" }
        return "\(parts[0])e\(exponent)"
    }

    /// A step, short where ticks are far enough apart: "800", "1.2k", "3M".
    ///
    /// - Parameter spacing: Steps between ticks: a power of ten times 1, 2 or 5.
    static func step(_ step: Double, spacing: Double) -> String {
        guard abs(step) < 1e18 else { return text(step) }
        for (unit, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")]
        where abs(step) >= unit && spacing * 10 >= unit {
            let isWhole = step.truncatingRemainder(dividingBy: unit) == 0
            return fixed(step / unit, decimals: isWhole ? 0 : 1) + letter
        }
        return "\(Int(step))"
    }

    /// A value beside the axis, to as many decimals as tell ticks apart.
    ///
    /// - Parameters:
    ///   - spacing: Between ticks: a power of ten times 1, 2 or 5.
    ///   - largest: The largest amount on the axis.
    static func tick(_ value: Double, spacing: Double, largest: Double) -> String {
        let decimals = -exponent(spacing)
        if largest >= 1e6 || largest < 1e-3 {
            guard value != 0 else { return "0" }
            return scientific(value, decimals: min(5, exponent(value) + decimals))
        }
        if largest >= 10_000, decimals <= -2, value != 0 {
            return fixed(value / 1000, decimals: 3 + decimals) + "k"
        }
        return fixed(value, decimals: min(6, decimals))
    }

    /// A tick of a logarithmic axis.
    ///
    /// - Parameter digit: From 1 to 9.
    static func tick(_ digit: Int, exponent: Int) -> String {
        switch exponent {
        case -3..<0: "0." + String(repeating: "0", count: -exponent - 1) + "\(digit)"
        case 0..<4: "\(digit)" + String(repeating: "0", count: exponent)
        case 4..<6: "\(digit)" + String(repeating: "0", count: exponent - 3) + "k"
        default: "\(digit)e\(exponent)"
        }
    }
}
