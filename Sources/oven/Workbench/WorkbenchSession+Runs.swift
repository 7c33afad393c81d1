import Backends
import Baking
import Foundation
import Workbench

// The runs, and the rows of the one that is open.
extension WorkbenchSession {
    func listRuns() {
        attempt {
            let store = settings.store
            // What cannot be read of one run must not hide the others; opening it tells why.
            let rows = try store.summaries().map { summary in
                let run = try? store.run(summary.directory)
                return RunRow(summary: summary, curve: (try? run?.klCurve(points: 32)) ?? [])
            }
            post(.runs(rows))
        }
    }

    func open(_ name: String, isForOverlay: Bool) {
        attempt {
            let run = try settings.store.run(name)
            post(
                .run(
                    OpenRun(
                        name: run.name, promptText: try run.prompt().text,
                        history: try run.history(),
                        hasCheckpoint: try !run.checkpoints().isEmpty, isForOverlay: isForOverlay,
                        configuration: run.record.configuration.texts)))
            guard !isForOverlay else { return }
            if let notice = TinkerExpiry.warnings(in: run.directory, now: Date()).first {
                post(.notice(.warning, EventLine.text(notice)))
            }
            reader = (run.name, DatasetReader(run))
            readRows(startingOver: true)
        }
    }

    func rename(_ name: String, to other: String) {
        attempt {
            let run = try settings.store.run(name)
            let renamed = try settings.store.rename(run, to: other)
            post(.notice(.success, "\(name) is called \(renamed.name) now"))
            listRuns()
            if reader?.run == name { open(renamed.name, isForOverlay: false) }
        }
    }

    func delete(_ name: String) {
        attempt {
            let run = try settings.store.run(name)
            let remains = TinkerExpiry.remains(of: run.directory, now: Date())
            try settings.store.delete(run)
            if reader?.run == name { reader = nil }
            post(.notice(.success, "\(name) is deleted"))
            if let remains { post(.notice(.warning, remains)) }
            listRuns()
        }
    }

    // MARK: Rows

    func follow(_ run: Run) {
        reader = (run.name, DatasetReader(run))
        readRows(startingOver: true)
    }

    /// Posts the rows that came since the last reading.
    func readRows(startingOver: Bool = false) {
        guard var current = reader else { return }
        attempt {
            let rows = try current.rows.readNew()
            let isAnew = startingOver || current.rows.startedOver
            reader = current
            if isAnew || !rows.isEmpty { post(.rows(rows, startingOver: isAnew)) }
        }
    }

    func copyRows(of name: String) {
        attempt {
            let copy = try settings.store.copy(rowsOf: try settings.store.run(name))
            listRuns()
            open(copy.name, isForOverlay: false)
            post(.notice(.success, "the rows are in \(copy.name) now; F5 bakes them"))
        }
    }

    func change(_ edit: (DatasetEdits) throws -> Void) {
        guard let name = reader?.run else { return }
        attempt {
            try edit(DatasetEdits(try settings.store.run(name)))
            readRows()
        }
    }
}
