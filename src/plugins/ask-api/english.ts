/** The texts in English: `askApi({ ...english, url })`. */
export const english = {
  stopWords: ["stop", "cancel"],
  forgetWords: ["forget"],
  waitText: "_One moment ..._ I am thinking about your question :hourglass_flowing_sand:",
  errorText: "The chat bot cannot be reached at the moment.\nPlease try again later",
  plainErrorText: "Something went wrong. Please try again later.",
  stoppedText: "_Answer stopped._",
  nothingToStopText: "No answer is on its way.",
  forgottenText: "Forgotten.",
  cutText: "_The answer was too long; the rest is missing._",
  tooLongText: "Your question is too long. Please put it in {max} characters at most.",
};
