# While the jobs run, the process that runs them holds their plates against other runs,
# and prints a line every half minute.
locks = RunLocks(CONFIGS)
reporter = Reporter(FOLDER, list(CONFIGS), ONLY, EVERY_S)


onstart:
    locks.take()
    reporter.start()


onsuccess:
    reporter.stop()
    locks.give_back()
    end_timers()


onerror:
    reporter.stop()
    locks.give_back()
    end_timers()
