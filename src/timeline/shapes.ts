/** Many rectangles as one shape of the drawing library: 20,000 single ones are too slow. */
import { graphic } from 'echarts/core'

/** x, y, width and height of each, one after the other, in pixels. */
type Rectangles = { numbers: number[] }

/** The type by which a custom series names the shape. */
export const rectanglesShape = 'jobshim-rectangles'

graphic.registerShape(
  rectanglesShape,
  graphic.extendShape({
    shape: { numbers: [] as number[] },
    buildPath(path: Pick<CanvasRenderingContext2D, 'rect'>, { numbers }: Rectangles) {
      for (let index = 0; index + 3 < numbers.length; index += 4)
        path.rect(
          numbers[index] ?? 0,
          numbers[index + 1] ?? 0,
          numbers[index + 2] ?? 0,
          numbers[index + 3] ?? 0,
        )
    },
  }),
)
