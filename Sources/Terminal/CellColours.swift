/// What a cell is written with: numbers of colours for the terminal, and attributes.
struct CellColours: Hashable, Sendable {
    /// -1 is the terminal's own; 0xRRGGBB in direct colour, an index otherwise.
    var foreground: Int32
    var background: Int32
    var attributes: Style.Attributes

    init(foreground: Int32, background: Int32, attributes: Style.Attributes) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }

    /// - Parameter depth: What the terminal can show; below `.eight` there are only attributes.
    init(_ look: Look, theme: Theme, depth: ColourDepth) {
        let text = theme.style(.text, depth: depth)
        let role = theme.style(look.role, depth: depth)
        let on = look.on.map { theme.style($0, depth: depth) }
        attributes = role.attributes.union(on?.attributes ?? []).union(look.attributes)
        let foreground = role.foreground ?? on?.foreground ?? text.foreground
        let background = on?.background ?? role.background ?? text.background
        self.foreground = Self.number(foreground, depth)
        self.background = Self.number(background, depth)
    }

    private static func number(_ colour: Colour?, _ depth: ColourDepth) -> Int32 {
        guard let colour, colour != .standard else { return -1 }
        let number: Int?
        switch depth {
        case .plain, .attributes: number = nil
        case .eight: number = colour.nearestOf16(count: 8)
        case .sixteen: number = colour.nearestOf16()
        case .many: number = colour.nearestOf256
        case .full: number = direct(colour)
        }
        return number.map { Int32($0) } ?? -1
    }

    /// The numbers 0 to 7 mean the terminal's own colours even here; a blue that is nearly black
    /// steps aside by the least green there is.
    private static func direct(_ colour: Colour) -> Int? {
        switch colour {
        case .standard: return nil
        case .terminal(let index) where index < 8: return index
        // The light half of the 16 has no numbers here: its usual values.
        case .terminal(let index): return light[min(index, 15) - 8]
        case .rgb(let red, let green, let blue):
            let number = Int(red) << 16 | Int(green) << 8 | Int(blue)
            return number < 8 ? number | 0x100 : number
        }
    }

    private static let light = [
        0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]
}
