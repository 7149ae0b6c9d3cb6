// The sections about watching: what is kept of the queue's history.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct HistorySection : Section {
  HistorySection() : Section("history", "The queue's history: what waited when, kept 400 days, thinned (`hikyaku queue history`).", "キューの履歴。待っていたメールの推移を間引きながら 400 日分残す(hikyaku queue history)。") {}
  Setting<Seconds> sample_interval{*this, "sample_interval", {
      .help = "Time between two looks at the queue.", .help_ja = "キューを調べる間隔。", .preset = 60s, .min = 1s, .max = 1h}};
};

}  // namespace hikyaku::settings
