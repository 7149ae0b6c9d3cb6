// Looks at the newest sample of the queue again and again, and passes on what changed.
#pragma once

#include <memory>
#include <vector>

#include "apps/watch/notifier.h"
#include "io/disk.h"
#include "services/history/files.h"
#include "services/history/suspended.h"

namespace hikyaku::apps {

class AlarmTask {
 public:
  AlarmTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, std::vector<std::unique_ptr<Notifier>>& notifiers);
  // Until the loop stops.
  Task<void> run();

 private:
  void remember_the_past();
  [[nodiscard]] std::optional<history::Levels> newest() const;
  [[nodiscard]] std::optional<history::PatternFacts> patterns() const;
  [[nodiscard]] std::optional<std::vector<history::SuspendedAccount>> suspended() const;
  void tell(const history::AlarmNotice& notice);
  // What is raised is written only when it was told: a notice under way when we die is told again.
  Task<void> keep();

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  io::Disk& disk_;
  std::vector<std::unique_ptr<Notifier>>& notifiers_;
  const history::HistoryReader reader_;
  const std::string raised_path_;
  const SystemClock clock_;
  history::AlarmWatch watch_;
  history::SuspensionWatch suspensions_;
  std::string kept_ = "?";  // what the file says; not known yet
};

}  // namespace hikyaku::apps
