// Notifier: passes notices on by one way (webhook, command, syslog), in order, each until it is taken or was tried ten times.
// Never by mail: an alarm about the queue must not wait in it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "apps/service/service.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "io/workers.h"
#include "services/history/alarm.h"

namespace hikyaku::apps {

struct NoticeText {
  history::AlarmNotice notice;
  std::string hostname;
  std::string words;  // in the language of the settings
  std::string json;   // one object, both languages
};

// One way. An empty answer: it was passed on; else a sentence that says why not.
class NoticeWay {
 public:
  virtual ~NoticeWay() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Whether the settings name it now.
  [[nodiscard]] virtual bool wanted(const settings::Settings& settings) const = 0;
  virtual Task<std::string> tell(std::shared_ptr<const NoticeText> notice) = 0;
};
[[nodiscard]] std::unique_ptr<NoticeWay> webhook_way(Service& service, io::Loop& loop, io::Resolver& resolver);
[[nodiscard]] std::unique_ptr<NoticeWay> command_way(Service& service, io::Loop& loop, io::Workers& workers);
[[nodiscard]] std::unique_ptr<NoticeWay> syslog_way(Service& service, io::Loop& loop, io::Workers& workers);

class Notifier {
 public:
  static constexpr std::size_t most_waiting = 100;  // beyond it the oldest is given up
  static constexpr int most_tries = 10;

  Notifier(Service& service, io::Loop& loop, std::unique_ptr<NoticeWay> way) : service_(service), loop_(loop), way_(std::move(way)) {}
  void add(std::shared_ptr<const NoticeText> notice);
  [[nodiscard]] bool idle() const { return waiting_.empty(); }
  // Until the loop stops.
  Task<void> run();

 private:
  void give_up(const std::string& why);

  Service& service_;
  io::Loop& loop_;
  const std::unique_ptr<NoticeWay> way_;
  std::deque<std::shared_ptr<const NoticeText>> waiting_;
  int tries_ = 0;
};

}  // namespace hikyaku::apps
