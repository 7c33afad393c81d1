internal import Foundation

/// A colour as a theme names it.
package enum Colour: Hashable, Sendable {
    /// The terminal's own foreground or background.
    case standard
    /// One of the terminal's 16 colours, whose look belongs to the user.
    case terminal(Int)
    case rgb(red: UInt8, green: UInt8, blue: UInt8)

    /// The names of the 16, in the order of their numbers.
    static let terminalNames: [String] = {
        let names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
        return names + names.map { "light-\($0)" }
    }()

    /// From "#rrggbb", "default" or one of the 16 names; nil otherwise.
    init?(_ text: String) {
        if text == "default" {
            self = .standard
        } else if let index = Self.terminalNames.firstIndex(of: text) {
            self = .terminal(index)
        } else if text.hasPrefix("#"), text.utf8.count == 7,
            text.dropFirst().allSatisfy({ $0.isASCII && $0.isHexDigit }),
            let number = UInt32(text.dropFirst(), radix: 16)
        {
            self = .rgb(
                red: UInt8(number >> 16), green: UInt8(number >> 8 & 255),
                blue: UInt8(number & 255))
        } else {
            return nil
        }
    }

    /// Red, green and blue from 0 to 1; nil when only the terminal knows.
    var components: [Double]? {
        guard case .rgb(let red, let green, let blue) = self else { return nil }
        return [red, green, blue].map { Double($0) / 255 }
    }

    /// The ratio of the luminances by WCAG 2, from 1 to 21; nil when only the terminal knows.
    package func contrast(with other: Colour) -> Double? {
        guard let first = luminance, let second = other.luminance else { return nil }
        return (max(first, second) + 0.05) / (min(first, second) + 0.05)
    }

    private var luminance: Double? {
        components.map { parts in
            let linear = parts.map(Self.linear)
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        }
    }

    private static func linear(_ part: Double) -> Double {
        part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
    }

    /// Coordinates in the perceptual space OKLab (Ottosson 2020), in which distance is difference.
    private var perceptual: SIMD3<Double>? {
        guard let parts = components else { return nil }
        let (r, g, b) = (Self.linear(parts[0]), Self.linear(parts[1]), Self.linear(parts[2]))
        let l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
        let m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
        let s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
        return SIMD3(
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)
    }

    /// The number of the nearest of `candidates`, or of the terminal's own colour.
    private func nearest(in candidates: [(index: Int, colour: Colour)]) -> Int? {
        guard let own = perceptual else { return nil }
        func distance(_ colour: Colour) -> Double {
            let difference = (colour.perceptual ?? own) - own
            return (difference * difference).sum()
        }
        return candidates.min { distance($0.colour) < distance($1.colour) }?.index
    }

    /// The nearest of the 6×6×6 cube and the grey ramp; the first 16 belong to the user.
    package var nearestOf256: Int? {
        if case .terminal(let index) = self { return index }
        return nearest(in: Self.cube)
    }

    /// The nearest of the 16, as xterm shows them; the first 8 alone where there are no more.
    package func nearestOf16(count: Int = 16) -> Int? {
        if case .terminal(let index) = self { return index % count }
        return nearest(in: Array(Self.sixteen.prefix(count)))
    }

    private static let cube: [(index: Int, colour: Colour)] = {
        let steps: [UInt8] = [0, 95, 135, 175, 215, 255]
        let cube = (0..<216).map { number in
            (
                index: 16 + number,
                colour: Colour.rgb(
                    red: steps[number / 36], green: steps[number / 6 % 6], blue: steps[number % 6])
            )
        }
        let ramp = (0..<24).map { number in
            let grey = UInt8(8 + 10 * number)
            return (index: 232 + number, colour: Colour.rgb(red: grey, green: grey, blue: grey))
        }
        return cube + ramp
    }()

    private static let sixteen: [(index: Int, colour: Colour)] = [
        "#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
        "#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff",
    ].enumerated().compactMap { index, text in Colour(text).map { (index, $0) } }
}
