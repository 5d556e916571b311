# A line every half minute while the jobs run, from the process that runs them.
reporter = Reporter(FOLDER, list(CONFIGS), ONLY, EVERY_S)


onstart:
    reporter.start()


onsuccess:
    reporter.stop()
    end_timers()


onerror:
    reporter.stop()
    end_timers()
