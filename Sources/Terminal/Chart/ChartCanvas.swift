/// The dots of a plot. A cell shows those of one curve only, since it has one colour: a later curve
/// takes it over.
struct ChartCanvas {
    /// No coordinate is farther away, so that sums of them cannot overflow.
    static let farthest = 1 << 30

    let glyphs: ChartGlyphs
    let columns: Int
    let rows: Int
    /// What each curve looks like, in the order of drawing.
    private var layers: [(look: Look, sign: String)] = []
    private var bits: [UInt8]
    /// The curve whose dots a cell shows; -1 for none.
    private var owners: [Int]

    /// - Parameters:
    ///   - columns: Cells, at least 1.
    ///   - rows: Cells, at least 1.
    init(columns: Int, rows: Int, glyphs: ChartGlyphs) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        self.glyphs = glyphs
        bits = Array(repeating: 0, count: self.columns * self.rows)
        owners = Array(repeating: -1, count: self.columns * self.rows)
    }

    var dotColumns: Int { columns * glyphs.dotColumns }
    var dotRows: Int { rows * glyphs.dotRows }

    /// Begins a curve: what follows replaces the cells of earlier ones.
    ///
    /// - Parameter sign: What it is drawn with where cells have no dots.
    mutating func begin(_ look: Look, sign: String) { layers.append((look, sign)) }

    /// The text and look of a cell; nil where there is no curve.
    func cell(x: Int, y: Int) -> (text: String, look: Look)? {
        guard (0..<columns).contains(x), (0..<rows).contains(y) else { return nil }
        let index = y * columns + x
        guard owners[index] >= 0 else { return nil }
        let layer = layers[owners[index]]
        return (glyphs.text(bits[index], sign: layer.sign), layer.look)
    }

    /// Whether there is a dot of any curve.
    func hasDot(x: Int, y: Int) -> Bool {
        guard (0..<dotColumns).contains(x), (0..<dotRows).contains(y) else { return false }
        let (cell, bit) = place(x: x, y: y)
        return bits[cell] & bit != 0
    }

    private func place(x: Int, y: Int) -> (cell: Int, bit: UInt8) {
        let (width, height) = (glyphs.dotColumns, glyphs.dotRows)
        return (y / height * columns + x / width, glyphs.bit(x: x % width, y: y % height))
    }

    /// Sets a dot of the present curve; outside there is none.
    mutating func dot(x: Int, y: Int) {
        guard x >= 0, x < dotColumns, y >= 0, y < dotRows else { return }
        let (cell, bit) = place(x: x, y: y)
        if owners[cell] != layers.count - 1 {
            owners[cell] = layers.count - 1
            bits[cell] = 0
        }
        bits[cell] |= bit
    }

    /// A single sample, large enough to be found.
    mutating func spot(x: Int, y: Int) {
        guard x >= 0, x < dotColumns, glyphs != .ascii else { return dot(x: x, y: y) }
        for (right, down) in [(0, 0), (1, 0), (0, 1), (1, 1)] { dot(x: x + right, y: y + down) }
    }

    /// A vertical line, cut at the frame.
    mutating func run(x: Int, _ first: Int, _ last: Int) {
        let top = max(0, min(first, last))
        let bottom = min(dotRows - 1, max(first, last))
        guard top <= bottom else { return }
        for y in top...bottom { dot(x: x, y: y) }
    }

    /// A line between two places, cut at the frame: what lies inside of it is where it would be on
    /// a larger canvas, to within a dot.
    mutating func line(from start: Point, to end: Point) {
        guard let (start, end) = clipped(start, end) else { return }
        let width = abs(end.x - start.x)
        let height = abs(end.y - start.y)
        let (right, down) = (end.x >= start.x ? 1 : -1, end.y >= start.y ? 1 : -1)
        var place = start
        var error = width - height
        dot(x: place.x, y: place.y)
        while place != end {
            let doubled = 2 * error
            if doubled > -height {
                error -= height
                place.x += right
            }
            if doubled < width {
                error += width
                place.y += down
            }
            dot(x: place.x, y: place.y)
        }
    }

    /// The part of a line inside of the frame (Liang and Barsky 1984); nil when there is none.
    private func clipped(_ start: Point, _ end: Point) -> (Point, Point)? {
        let width = Double(end.x - start.x)
        let height = Double(end.y - start.y)
        var (first, last) = (0.0, 1.0)
        let edges = [
            (-width, Double(start.x)), (width, Double(dotColumns - 1 - start.x)),
            (-height, Double(start.y)), (height, Double(dotRows - 1 - start.y)),
        ]
        for (outward, distance) in edges {
            if outward == 0 {
                if distance < 0 { return nil }
            } else if outward < 0 {
                first = max(first, distance / outward)
            } else {
                last = min(last, distance / outward)
            }
        }
        guard first <= last else { return nil }
        func place(_ share: Double) -> Point {
            Point(
                x: start.x + Int((share * width).rounded()),
                y: start.y + Int((share * height).rounded()))
        }
        return (place(first), place(last))
    }
}
