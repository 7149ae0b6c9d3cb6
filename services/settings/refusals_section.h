// The section about those who were put off: who is told of them, when, and how one decides.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct RefusalsSection : Section {
  RefusalsSection() : Section("refusals", "Senders who were put off (4xx) by a rule and keep trying: who is told of them. `hikyaku refusals` shows and decides.", "規則により保留(4xx)され再送を続ける送信者の通知。一覧と判断は hikyaku refusals で行う。") {}
  Setting<Texts> administrators{*this, "administrators", {
      .help = "Addresses that get the notices and digests; \"postmaster\" is the postmaster here. Empty: nobody.", .help_ja = "通知と一覧を受け取る宛先。\"postmaster\" はこのサーバの postmaster。空なら送らない。",
      .preset = {"postmaster"}}};
  Setting<bool> notice{*this, "notice", {
      .help = "They are told before a likely honest sender gives up, on every day of the year.", .help_ja = "正当らしい送信者が再送を断念する前に、休日を含めて通知する。", .preset = true}};
  Setting<Seconds> notice_before{*this, "notice_before", {
      .help = "So long before the time at which such senders usually give up (1 h, 4 h, 1, 2, 5 days after their first try).",
      .help_ja = "送信者が断念しがちな時点(初回から 1 時間、4 時間、1 日、2 日、5 日)のどれだけ前に通知するか。", .preset = 30min, .min = 1min, .max = 4h}};
  Setting<Count> likely{*this, "likely", {
      .help = "From this share on a sender counts as likely honest, in percent (`hikyaku refusals list` shows it).", .help_ja = "正当らしいとみなす割合(%)。hikyaku refusals list に表示される値。", .preset = 60, .min = 1, .max = 99}};
  Setting<Texts> digest_times{*this, "digest_times", {
      .help = "Times of the day, in the machine's time zone, at which they get a list of who was put off since the last one, when anybody was. Empty: never.",
      .help_ja = "前回以降に保留した送信者の一覧を送る時刻(このマシンの時間帯)。対象がなければ送らない。空なら送らない。", .preset = {"08:00", "17:00"}}};
  Setting<Text> tell_recipients{*this, "tell_recipients", {
      .help = "A recipient is told when a likely honest sender has given up: plain_s25r does so while the rules s25r or reverse_name put off for ever (in force, without greylisting); always; or never.",
      .help_ja = "正当らしい送信者が断念したとき宛先の利用者に知らせる。plain_s25r は s25r か reverse_name が(グレイリストなしで)保留し続ける設定のときだけ、always は常に、never は知らせない。",
      .preset = "plain_s25r", .choices = {"plain_s25r", "always", "never"}}};
  Setting<Text> link_url{*this, "link_url", {
      .help = "Where [listen] decisions is reached from outside, \"https://mail.example.jp/refusals\": notices and digests then have a signed link in each entry. Empty: they name the command.",
      .help_ja = "[listen] decisions に外から届く URL(\"https://mail.example.jp/refusals\" など)。設定すると通知と一覧の各項目に署名付きリンクが入る。空ならコマンドを示す。"}};
  Setting<Seconds> link_life{*this, "link_life", {
      .help = "How long a link counts; one decision ends it.", .help_ja = "リンクの有効期間。一度判断すれば終わる。", .preset = 120h, .min = 1h, .max = 960h}};
  Setting<Texts> escrow{*this, "escrow", {
      .help = "Rules that put off (\"greylist\", \"s25r\", \"reverse_name\"): of mail that one of them answers 4xx an encrypted copy is kept, and the 4xx is told after the text; `hikyaku refusals escrow` lists, releases and deletes. Empty: no copies.",
      .help_ja = "保留する規則(\"greylist\"、\"s25r\"、\"reverse_name\")。ここに挙げた規則が 4xx とするメールは暗号化した控えを預かり、4xx は本文の後に返す。一覧、解放、削除は hikyaku refusals escrow。空なら預からない。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> escrow_days{*this, "escrow_days", {
      .help = "Days such a copy is kept, and (at least 5) for which mail that was released is not delivered a second time.", .help_ja = "控えを預かる日数。解放したメールを二重に配送しない期間でもある(最短 5 日)。", .preset = 7, .min = 1, .max = 60}};
  Setting<ByteCount> escrow_size{*this, "escrow_size", {
      .help = "Size of all copies together; the oldest make room.", .help_ja = "控え全体の上限。超えれば古いものから消す。", .preset = GiB(1), .min = MiB(1), .max = GiB(1'024)}};
  Setting<ByteCount> escrow_message_size{*this, "escrow_message_size", {
      .help = "Largest message of which a copy is kept.", .help_ja = "控えを預かるメールの最大サイズ。", .preset = MiB(10), .min = KiB(1), .max = GiB(1), .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> check_interval{*this, "check_interval", {
      .help = "Time between two looks at the log.", .help_ja = "ログを調べる間隔。", .preset = 30s, .min = 1s, .max = 10min}};
};

}  // namespace hikyaku::settings
