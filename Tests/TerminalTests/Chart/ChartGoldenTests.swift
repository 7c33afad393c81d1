import Testing

@testable import Terminal

/// Charts as they look, to be looked at whenever they change.
@Suite struct ChartGoldenTests {
    init() { _ = TerminalLocale.begin(environment: ["LC_ALL": "C.UTF-8"]) }

    private var bake: Chart {
        Chart(
            series: ChartSamples.bake(),
            marks: [16, 32, 48, 64].map {
                ChartMark(step: $0, label: "epoch \($0 / 16)", kind: .epoch)
            },
            guides: [
                ChartGuide(name: "base", value: 3.9, role: .chartBase),
                ChartGuide(name: "target", value: 0.05, role: .chartTarget),
            ],
            gapClosed: 0.992)
    }

    @Test func `a bake in braille`() {
        let text = ChartSamples.text(bake, ChartView(isLog: true), 72, 16, .braille)
        #expect(
            text == #"""
                kl (nats)  99 % of the gap closed           following  log  smoothed 0.6
                     │⢄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠄⠄⠄⠄ base 3.9
                    3┤ ⠉⠉⠒⠤⣀         ┊epoch 1         ┊epoch 2         ┊epoch 3 epoch 4┊
                     │    ⠉⠱⠉⠒⠢⢄⡀    ┊                ┊                ┊               ┊
                    1┤        ⠑⠉⠈⠢⠤⢄⡀┊                ┊                ┊               ┊
                     │          ⠈⠑⠁⠈⠈⠢⢄⡀              ┊                ┊               ┊
                     │               ⠑⠒⠈⠑⠢⢄           ┊                ┊               ┊
                  0.3┤               ┊   ⠈⠱⠉⠉⠢⣀       ┊                ┊               ┊
                     │               ┊       ⠈⠒⠉⠉⠒⢄   ┊                ┊               ┊
                     │               ┊            ⠱⠉⠑⠤⣀                ┊               ┊
                  0.1┤               ┊               ⠘⠤⠉⠑⠢⠤⢄⡀          ┊               ┊
                     │⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠈⠄⠣⠈⠑⠢⢄⡀⢀⣀⣀⡀⠄⠄┊⠄⠄⠄ target 0.05
                 0.03┤               ┊                ┊       ⠈⠁⠈⠁ ⠈⠈⠉⠉⠉⠉⠒⠒⠤⠤⠒⠤⠤⣀⣀⣀⡠⢄⣀⡠⢄
                     │               ┊                ┊                ┊       ⠈⠊⠁  ⠈⠁ ┊
                     └────┬────┬────┬─────┬────┬────┬────┬────┬────┬─────┬────┬────┬────
                          5    10   15    20   25   30   35   40   45    50   55   60
                """#)
    }

    @Test func `a bake in blocks`() {
        let text = ChartSamples.text(bake, ChartView(weight: 0), 60, 12, .blocks)
        #expect(
            text == #"""
                kl (nats)  99 % of the gap closed                  following
                    4┤            │epoch 1      │epoch 2      │epoch 3     │
                     │▚───────────│─────────────│─────────────│─── base 3.9
                     │▝▞▖         │             │             │            │
                     │  ▝▖        │             │             │            │
                    2┤   ▚▖       │             │             │            │
                     │    ▝▄▚▗    │             │             │            │
                     │       ▘▚▖▄▄│             │             │            │
                     │         ▝  ▚▄▄▄▄         │             │            │
                    0┤──── target 0.05 ▀▀▀▀▀▀▀▞▚▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
                     └───────┬────────┬───────┬────────┬───────┬────────┬───
                             10       20      30       40      50       60
                """#)
    }

    @Test func `a bake in ASCII`() {
        let text = ChartSamples.text(bake, ChartView(isLog: true), 60, 14, .ascii)
        #expect(
            text == #"""
                kl (nats)  99 % of the gap closed             following  log
                     |*------------:------------:-------------:--- base 3.9
                    3+ ****        :epoch 1     :epoch 2      :epoch 3     :
                     |   ..****    :            :             :            :
                    1+        .*****            :             :            :
                     |             ****         :             :            :
                  0.3+             :  .****     :             :            :
                     |             :     ..**** :             :            :
                  0.1+             :          .*****          :            :
                     |-------------:------------:--.*******---: target 0.05
                 0.03+             :            :      .*  *****************
                     |             :            :             :      .     :
                     +--------+-------+-------+--------+-------+--------+---
                              10      20      30       40      50       60
                """#)
    }

    @Test func `a zoomed bake with a cursor and another run`() {
        var chart = bake
        chart.overlays = [ChartSamples.bake(count: 40, name: "rank-8", role: .chartRun1)]
        var view = ChartView(isLog: true)
        view.moveCursor(toStep: 20, in: chart)
        view.zoom(in: true, in: chart)
        let text = ChartSamples.text(chart, view, 72, 14, .braille)
        #expect(
            text == #"""
                kl (nats)  99 % of the gap closed              frozen  log  smoothed 0.6
                     │⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠄⠄⠄⠄│⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄⠄┊⠄⠄⠄⠄⠄⠄⠄⠄ base 3.9
                    3┤   epoch 1┊      │                      ┊epoch 2
                     │⠤⣀⡀       ┊      │                      ┊
                    1┤⠤⣀⠈⠉⠉⠉⠒⠒⠒⠤⣀⡀     │                      ┊
                     │  ⠉⠒⠤⠤⣀⣀ ⠑⠤⠈⠉⠑⠒⠢⠤⣀⣀                     ┊
                  0.3┤        ⠉⠒⠤⣀     ⠉⠒⠉⠉⠒⠢⠤⢄⣀⡀             ┊
                     │          ┊ ⠉⠑⠒⠢⢄⡀      ⠉⠒⠈⠉⠉⠉⠒⠒⠤⠤⣀⡀    ┊
                  0.1┤          ┊      ⠈⠉⠒⠒⠤⣀         ⠈⠑⠢⠈⠉⠑⠒⠢⠤⢄⣀⣀⣀
                     │          ┊      │     ⠉⠑⠒⠢⠤⠤⠤⣀⣀       ⠈⠒⠊⠉⠉⠑⠉⠉⠉⠒⠤⢄⣀⣀⣀⡀
                     │⠁⠁⠁⠁⠁⠁⠁⠁⠁⠁┊⠁⠁⠁⠁⠁⠁│⠁ target 0.05 ⠉⠉⠒⠒⠒⠢⠤⢄⣀⣀⣀⣀⣀⠁⠁⣀⡀⠉⠉⠉⠉⠉⠈⠉⠉⠉⠒ kl
                 0.03┤          ┊      │                      ┊    ⠉⠉ ⠈⠉⠑⠒⠊⠉⠑⠂ rank-8
                     └────────┬────────┬─────────┬────────┬────────┬─────────┬───
                              15       20        25       30       35        40
                """#)
    }

    @Test func `a few samples with a gap`() {
        let chart = Chart(series: ChartSamples.series([3, 2, .nan, 4, .nan, 1, 5, 5]))
        let text = ChartSamples.text(chart, ChartView(weight: 0), 40, 9, .braille)
        #expect(
            text == #"""
                kl                             following
                     │                            ⢠⠤⠤⠤⠤⠤
                    4┤              ⢀⡀           ⢠⠃
                     │              ⠈⠁          ⢠⠃
                     │⠉⠒⠤⢄⡀                    ⢠⠃
                    2┤    ⠈⠁                  ⢠⠃
                     │                        ⠃
                     └┬────────┬─────────┬────────┬─────
                      0        2         4        6
                """#)
    }
}
