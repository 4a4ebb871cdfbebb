"""A real Chromium without a screen, driven by selenium; WebGL is computed by the CPU."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

PATIENCE_S = 200
SIZE = (1100, 640)
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root has none
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

END_KEY = "\ue010"
ENTER_KEY = "\ue007"
LEFT_KEY = "\ue012"
SELECT_ALL = "\ue009a\ue000"  # control and a, and no key

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="Chromium is not installed: apt-get install chromium chromium-driver",
)


class Browser:
    """One window."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def picture(self) -> np.ndarray:
        """The scene in the middle, between the panels, (H, W, 3) uint8 RGB."""
        whole = self.whole_picture()
        return whole[210:, 310 : whole.shape[1] - 310]

    def whole_picture(self) -> np.ndarray:
        """All of the window. A renderer on a busy CPU may keep the driver waiting too long."""
        encoded = np.frombuffer(self.wait_for(self._png, "a picture"), np.uint8)
        return cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    def _png(self) -> bytes | None:
        from selenium.common.exceptions import TimeoutException

        try:
            return self.driver.get_screenshot_as_png()
        except TimeoutException:
            return None

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until it holds, and return its value."""
        deadline = time.monotonic() + PATIENCE_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f"{what} did not come about in {PATIENCE_S} s"
            time.sleep(0.2)
        return value

    def text(self) -> str:
        """What is written in the window."""
        return self.driver.find_element("tag name", "body").text

    def click(self, label: str) -> None:
        """Press the button with this text."""
        path = f"//button[normalize-space()='{label}']"
        button = self.wait_for(lambda: self.driver.find_elements("xpath", path), label)[0]
        self.driver.execute_script("arguments[0].click()", button)

    def slide_to_end(self, label: str) -> None:
        """Move the slider with this label as far as it goes."""
        path = f"//label[normalize-space()='{label}']/following::*[@role='slider'][1]"
        thumb = self.wait_for(lambda: self.driver.find_elements("xpath", path), label)[0]
        thumb.send_keys(END_KEY)

    def tick(self, label: str) -> None:
        """Press the box with this label."""
        path = f"//label[normalize-space()='{label}']/following::input[@type='checkbox'][1]"
        box = self.wait_for(lambda: self.driver.find_elements("xpath", path), label)[0]
        self.driver.execute_script("arguments[0].click()", box)

    def enter(self, label: str, value: int) -> None:
        """Write a number into the field with this label."""
        path = f"//label[normalize-space()='{label}']/following::input[@type='text'][1]"
        box = self.wait_for(lambda: self.driver.find_elements("xpath", path), label)[0]
        box.send_keys(SELECT_ALL, str(value), ENTER_KEY)
        self.driver.execute_script("arguments[0].blur()", box)  # no caret blinks

    def still_picture(self, unlike: np.ndarray | None = None) -> np.ndarray:
        """All of the window, once nothing changes any more; something else than `unlike`."""
        last: list[np.ndarray | None] = [None]

        def settled() -> bool:
            before, last[0] = last[0], self.whole_picture()
            is_still = before is not None and np.array_equal(before, last[0])
            return is_still and (unlike is None or not np.array_equal(unlike, last[0]))

        self.wait_for(settled, "a picture that stays as it is")
        assert last[0] is not None
        return last[0]

    def close_notes(self) -> None:
        """Take viser's remark away that WebGL is slow here."""
        note = "button.mantine-Notification-closeButton"
        for button in self.driver.find_elements("css selector", note):
            self.driver.execute_script("arguments[0].click()", button)

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """With a key pressed."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).key_down(key).perform()
        yield
        ActionChains(self.driver).key_up(key).perform()

    def processor_times(self) -> tuple[float, float]:
        """Seconds that the page's process and that of the graphics have taken."""
        processes = _descendants(self.driver.service.process.pid)
        return _processor_time(processes, "renderer"), _processor_time(processes, "gpu-process")

    def stop_drawing(self) -> None:
        """Draw no more, and so leave the processor to others; it stays connected."""
        self.driver.execute_script("window.requestAnimationFrame = () => 0")

    def asked_hosts(self) -> set[str]:
        """Hosts of all requests and sockets so far."""
        hosts = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            parameters = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                hosts.add(urlsplit(parameters["request"]["url"]).hostname)
            elif message["method"] == "Network.webSocketCreated":
                hosts.add(urlsplit(parameters["url"]).hostname)
        return hosts - {None}  # data: and blob: addresses


def _descendants(process: int) -> list[Path]:
    """Folders in /proc of a process' children, and theirs."""
    found = []
    for thread in Path(f"/proc/{process}/task").iterdir():
        for child in (thread / "children").read_text().split():
            found += [Path("/proc") / child, *_descendants(int(child))]
    return found


def _processor_time(processes: list[Path], kind: str) -> float:
    """Seconds that those of Chromium's processes have taken that are of a kind."""
    ticks = 0
    for process in processes:
        if f"--type={kind}" in (process / "cmdline").read_text():
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def opened(
    url: str, size: tuple[int, int] = SIZE, flags: tuple[str, ...] = ()
) -> Iterator[Browser]:
    """A window of so many pixels that shows this address."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, *flags, f"--window-size={size[0]},{size[1]}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    try:
        driver.set_page_load_timeout(PATIENCE_S)
        driver.get(url)
        yield Browser(driver)
    finally:
        driver.quit()
